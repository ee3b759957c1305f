"""Sign in with a password, refresh the session, sign out."""
