"""Who is signed in: sessions, their access tokens and their refresh tokens."""
