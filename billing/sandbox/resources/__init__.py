"""What the stand-in knows of Stripe's resources, one module for each group of addresses."""
