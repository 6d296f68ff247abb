"""The guide of the admin: what each list holds, what its states mean, what to do there and who may."""
