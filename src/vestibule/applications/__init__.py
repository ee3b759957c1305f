"""Applications that people sign in to through this service: what is known of them, what people granted them, and the
tokens that they hold (OAuth 2.0, OpenID Connect)."""
