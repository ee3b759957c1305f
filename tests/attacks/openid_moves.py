"""Moves of those who attack an application's sign-in: a person, applications, and codes that are worth stealing."""

from typing import Any

from tests.browsing import Browser
from tests.oauth import RelyingParty, allow, code_of, create_application
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.sessions.models import Session

ADA, EVE = "ada@example.com", "eve@example.com"
OFFLINE = "openid email offline_access"


def create_person(api: Api, inbox: Inbox, email: str = ADA) -> User:
    """An account that is signed in nowhere."""
    api.account(inbox, email)
    Session.objects.filter(user__email=email).delete()
    return User.objects.get(email=email)


def signed_in(email: str = ADA) -> Browser:
    """A browser of the person, signed in."""
    return Browser().open("/login/").submit("/login/", name=email, password=PASSWORD)


def stolen_code(shop: RelyingParty, browser: Browser, **more: Any) -> str:
    """A code on its way to the application."""
    return code_of(allow(browser.open(shop.authorize_url(**more))))


def shop_and_other(**more: Any) -> tuple[RelyingParty, RelyingParty]:
    """Two applications with one address; the other is the attacker's."""
    create_application(**more)
    create_application("other", **more)
    return RelyingParty(), RelyingParty("other")


def error_of(answer: Any) -> tuple[int, str]:
    """Status and error of an answer to a program."""
    return answer.status_code, answer.json().get("error", "")
