"""Sign in with a password; stay signed in; sign out."""
