"""The pages that messages link to, by the names of their URLs."""

from typing import Literal, get_args

# Those whose link brings a token, and those whose link does not.
LinkedPage = Literal[
    "verify_email",
    "login_magic",
    "password_reset_confirm",
    "not_me",
    "email_undo",
    "account_undo",
    "factors_keep",
    "login",
    "password_reset",
    "security",
    "sessions",
    "applications",
]
LINKED_PAGES: tuple[LinkedPage, ...] = get_args(LinkedPage)
