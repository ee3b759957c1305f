"""Sessions, their devices, access tokens and refresh tokens, and the signing keys."""
