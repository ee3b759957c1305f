"""What the OpenAPI document says before its operations: how to sign in, and what the groups of operations are."""

_DESCRIPTION = """\
Sign-up and sign-in as a service.

**Sign up** by `register/start` and `register/confirm`, **sign in** by `login`: both answer with an `access` and a
`refresh` token. Send `Authorization: Bearer <access>` with what has a lock. After a 401 with the code `token_expired`
get the next pair by `token/refresh`, once, and send the request again; after any other 401 sign in anew. Keep `refresh`
where no other page reads it.

**Refusals** are problem details (RFC 9457): decide by `code`, which stays; `title` and `detail` are for people. With
429 and 503 `retry_after` says how many seconds to wait.
"""
# In the order in which a client comes to need them; also that of Swagger UI.
_GROUPS = {
    "Registration": "Sign-up by a code, without a row before the address is proved.",
    "Registration, pending": "Sign-up by a link or a code, with a row that waits; the page in which it began may ask.",
    "Signing in": "By password, passkey, link or code; and the second factor, where one is owed.",
    "Sessions": "The tokens: refresh, verify, sign out.",
    "The signed-in person": "Profile, picture, export, closing the account.",
    "Passwords": "Reset and change.",
    "Addresses": "Another e-mail address or phone number.",
    "Second factors": "Authenticator apps and recovery codes.",
    "Passkeys": "Made, renamed and removed.",
    "Sessions and devices": "Where the person is signed in, and what they ended.",
    "Other providers": "Google, GitHub, Apple, Microsoft, any OpenID provider.",
    "Applications": "Those that the person lets in.",
    "API keys": "For programs of the person's own.",
    "Operations": "What this service offers.",
    "Admin": "For admins and managers.",
}
API_DESCRIPTION = {
    "SERVERS": [{"url": "/", "description": "Where this document was read."}],
    "DESCRIPTION": _DESCRIPTION,
    "TAGS": [{"name": name, "description": words} for name, words in _GROUPS.items()],
}
