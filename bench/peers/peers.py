"""Who is measured, each as the requests of one person: how to sign up, to prove the address, to sign in, and so on."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

from bench.load import Ask

PASSWORD = "correct horse battery staple"
OPERATIONS = ("sign-up", "confirm", "sign-in", "wrong sign-in", "me", "refresh")


@dataclass(slots=True)
class Person:
    """Somebody, and what the service has told them."""

    name: str
    code: tuple[str, ...] = ()
    registration: str = ""
    access: str = ""
    refresh: str = ""
    session: str = ""

    @classmethod
    def new(cls) -> "Person":
        """One whom nobody knows."""
        return cls(f"u{uuid4().hex[:20]}")

    @property
    def email(self) -> str:
        """The address."""
        return f"{self.name}@example.com"


class Peer:
    """A service. `requirements` are its packages beside Django's, `settings` the project in this folder; it is left out
    where the program that it `needs` is not."""

    name: ClassVar[str]
    needs: ClassVar[str] = ""
    requirements: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[str] = ""
    environment: ClassVar[Mapping[str, str]] = {}
    code: ClassVar[str]  # what a mail holds of it

    def read_mail(self, person: Person, text: str) -> None:
        """Keep what proves the address."""
        found = re.search(self.code, text, re.MULTILINE)
        person.code = found.groups() if found else ()

    def ask(self, operation: str, person: Person) -> Ask | None:
        """The request of an operation; None where there is none of its kind."""
        raise NotImplementedError

    def keep(self, person: Person, answer: dict[str, Any]) -> None:
        """Keep what was answered."""
        person.registration = answer.get("registration", person.registration)
        person.access = answer.get("access", person.access)
        person.refresh = answer.get("refresh", person.refresh)


class Ours(Peer):
    """The production shape: two web processes, a worker, PostgreSQL, Redis."""

    name, code = "vestibule", r"\b(\d{6})\b"

    def ask(self, operation: str, person: Person) -> Ask | None:
        """By the API."""
        base, known = "/api/auth", {"email": person.email, "password": PASSWORD}
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "sign-up": ("register/start", known),
            "confirm": ("register/confirm", {"registration": person.registration, "otp": "".join(person.code)}),
            "sign-in": ("login", known),
            "wrong sign-in": ("login", known | {"password": "wrong"}),
            "refresh": ("token/refresh", {"refresh": person.refresh}),
        }
        if operation == "me":
            return Ask("GET", f"{base}/me", access=person.access)
        path, body = bodies[operation]
        return Ask("POST", f"{base}/{path}", body)


class Djoser(Peer):
    """djoser with simplejwt: tokens that nothing is kept of, and nothing can take back."""

    name, settings = "djoser", "djoser"
    requirements = ("djoser==2.3.5", "djangorestframework==3.18.3", "djangorestframework-simplejwt==5.5.1")
    code = r"activate/([^/\s]+)/([^/\s\"<]+)"

    def ask(self, operation: str, person: Person) -> Ask | None:
        """By name: Django's stock user has it, and no sign-in by address."""
        known = {"username": person.name, "password": PASSWORD}
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "sign-up": ("users/", known | {"email": person.email}),
            "confirm": ("users/activation/", dict(zip(("uid", "token"), person.code, strict=False))),
            "sign-in": ("jwt/create/", known),
            "wrong sign-in": ("jwt/create/", known | {"password": "wrong"}),
            "refresh": ("jwt/refresh/", {"refresh": person.refresh}),
        }
        if operation == "me":
            return Ask("GET", "/auth/users/me/", access=person.access)
        path, body = bodies[operation]
        return Ask("POST", f"/auth/{path}", body)


class DjoserRotating(Djoser):
    """The same with refresh tokens that are used once, which is what ours are."""

    name, environment = "djoser rotating", {"ROTATE": "1"}


class Allauth(Peer):
    """django-allauth headless, for apps: a code by mail, a session in the database."""

    name, settings, requirements = "allauth", "allauth", ("django-allauth[headless]==65.21.1",)
    code = r"^([A-Z0-9]{3,4}-[A-Z0-9]{3,4}|\w{6,8})\s*$"

    def ask(self, operation: str, person: Person) -> Ask | None:
        """By its API for apps."""
        known, session = {"email": person.email, "password": PASSWORD}, (("X-Session-Token", person.session),)
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "sign-up": ("auth/signup", known),
            "confirm": ("auth/email/verify", {"key": "".join(person.code)}),
            "sign-in": ("auth/login", known),
            "wrong sign-in": ("auth/login", known | {"password": "wrong"}),
        }
        if operation == "refresh":
            return None
        if operation == "me":
            return Ask("GET", "/_allauth/app/v1/auth/session", headers=session)
        path, body = bodies[operation]
        return Ask("POST", f"/_allauth/app/v1/{path}", body, headers=session if operation == "confirm" else ())

    def keep(self, person: Person, answer: dict[str, Any]) -> None:
        """A session's token, also of a sign-up that waits."""
        person.session = answer.get("meta", {}).get("session_token", person.session)


class BetterAuth(Peer):
    """better-auth on node: a mailed link, a session in the database, whose token its plugin `bearer` takes."""

    name, needs = "better-auth", "node"
    code = r"verify-email\?token=([^&\s]+)"

    def ask(self, operation: str, person: Person) -> Ask | None:
        """By its API."""
        base, known = "/api/auth", {"email": person.email, "password": PASSWORD}
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "sign-up": ("sign-up/email", known | {"name": person.name}),
            "sign-in": ("sign-in/email", known),
            "wrong sign-in": ("sign-in/email", known | {"password": "wrong password"}),
        }
        if operation == "refresh":
            return None
        if operation == "confirm":
            return Ask("GET", f"{base}/verify-email?token={person.code[0]}")
        if operation == "me":
            return Ask("GET", f"{base}/get-session", access=person.access)
        path, body = bodies[operation]
        return Ask("POST", f"{base}/{path}", body)

    def keep(self, person: Person, answer: dict[str, Any]) -> None:
        """The token of a session."""
        person.access = answer.get("token") or person.access


ALL: tuple[Peer, ...] = (Ours(), Djoser(), DjoserRotating(), Allauth(), BetterAuth())
PEERS = tuple(each for each in ALL if not each.needs or shutil.which(each.needs))
