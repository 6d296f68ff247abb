"""How staff sign in: password, second factor, limits of a session, proof before what cannot be undone."""
