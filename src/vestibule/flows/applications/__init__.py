"""What applications and the people who sign in to them can do here (OAuth 2.0, OpenID Connect)."""
