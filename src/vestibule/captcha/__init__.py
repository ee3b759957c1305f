"""Captchas: when a client must show that a person uses it, and how it does."""
