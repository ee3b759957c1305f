"""Second factors: TOTP, passkeys, recovery codes, remembered devices, and the registry that knows which of them an
account has."""
