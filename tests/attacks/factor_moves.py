"""What the tests of second factors do: a person with an authenticator app, their ticket, a code given to it."""

from collections.abc import Callable

from tests.factors import Authenticator, enrol
from tests.world import Api, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.sessions.models import Session

ADA, BOB = "ada@example.com", "bob@example.com"


def person(api: Api, inbox: Inbox, email: str = ADA) -> Authenticator:
    """An account with an app and recovery codes, signed in nowhere."""
    api.account(inbox, email)
    Session.objects.filter(user__email=email).delete()
    return enrol(User.objects.get(email=email))


def ticket(api: Api, email: str = ADA) -> str:
    """What the right password gives."""
    return str(api.login(email).body["mfa"])


def prove(api: Api, mfa: str, code: object, method: object = "totp", **more: object) -> Reply:
    """Give a code to a ticket."""
    return api.post("login/mfa", {"mfa": mfa, "method": method, "code": code, **more})


def sign_in(api: Api, code: object, method: object = "totp", email: str = ADA) -> Reply:
    """Both steps."""
    return prove(api, ticket(api, email), code, method)


def step_up(api: Api, access: str, code: str, method: str = "totp") -> Reply:
    """Prove the factor again."""
    return api.send("POST", "reauthenticate", access, {"method": method, "code": code})


def full_width(code: str) -> str:
    """In digits of another width."""
    return "".join(chr(ord("０") + int(digit)) for digit in code)


def arabic(code: str) -> str:
    """In Arabic-Indic digits."""
    return "".join(chr(ord("٠") + int(digit)) for digit in code)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda code: code,
    "spaced": lambda code: f"{code[:2]} {code[2:]}",
    "grouped": lambda code: f"{code[:3]}-{code[3:]}",
    "padded": lambda code: f"\u200b {code}\t",
    "full width": full_width,
    "arabic": arabic,
    "mixed": lambda code: code[:3] + full_width(code[3:]),
}
