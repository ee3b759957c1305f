"""The verbs of a story: a person who signs up, through the API or the pages, and the mailbox that they read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from tests.letters import Post, parsed
from vestibule.conf import conf
from vestibule.courier import delivery

PASSWORD = "correct horse battery staple"


class Smtp:
    """A real SMTP server; `refuse` makes it answer every recipient with that line."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.refuse: str | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message."""
        content = envelope.content
        self.letters.append(content if isinstance(content, bytes) else (content or "").encode())
        return "250 OK"


def serve_smtp(handler: Smtp, port: int) -> Iterator[Smtp]:
    """Run the server for as long as the generator is held."""
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler
    controller.stop()


@dataclass
class Inbox:
    """Everybody's mailbox: what the transport delivered. Reading it delivers first what is due."""

    smtp: Smtp | None

    def all(self, to: str = "") -> list[Post]:
        """What arrived (at that address), newest first."""
        delivery.deliver_due_messages(timezone.now())
        posts = [parsed(path.read_bytes()) for path in sorted(_mailbox(), reverse=True)]
        if self.smtp:
            posts += [parsed(content) for content in reversed(self.smtp.letters)]
        return [post for post in posts if not to or post.to == to]

    def newest(self, to: str) -> Post:
        """The newest message to that address."""
        posts = self.all(to)
        assert posts, f"nothing arrived for {to}"
        return posts[0]

    def empty(self) -> None:
        """Throw everything away."""
        for path in _mailbox():
            path.unlink()
        if self.smtp:
            self.smtp.letters.clear()


def _mailbox() -> list[Path]:
    """The letters in the mailbox of this process, which stands in for the transports that are not configured."""
    return list((conf.var_dir / "mailbox").glob("*.eml"))


@cache
def middleware(enforce_csrf_checks: bool) -> ClientHandler:
    """What every client's requests go through. To load it is to look at each static file: a third of all tests."""
    handler = ClientHandler(enforce_csrf_checks)
    handler.load_middleware()
    return handler


@receiver(setting_changed)
def load_anew(setting: str, **_: Any) -> None:
    """Middleware may read a setting of Django's when it is loaded. The library reads its own when they are needed."""
    if setting != "VESTIBULE":
        middleware.cache_clear()


class Http(Client):
    """Django's client, on the middleware of all."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **more: Any) -> None:
        super().__init__(enforce_csrf_checks, **more)
        self.handler = middleware(enforce_csrf_checks)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a door answered: the status, the problem's code (`""` for success), the registration, all the rest."""

    status: int
    code: str = ""
    registration: str = ""
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Door(Protocol):
    """The API or the pages, as a person uses them."""

    def start(self, **typed: str) -> Reply:
        """Sign up with what was typed."""

    def resend(self, registration: str) -> Reply:
        """Ask for a new code."""

    def confirm(self, registration: str, otp: str, **more: str) -> Reply:
        """Give the code back."""


class Api:
    """Through the JSON API."""

    def __init__(self, http: Http | None = None) -> None:
        self.http = http or Http(raise_request_exception=False)

    def start(self, **typed: str) -> Reply:
        """POST register/start."""
        return self.post("register/start", typed)

    def resend(self, registration: str) -> Reply:
        """POST register/resend."""
        return self.post("register/resend", {"registration": registration})

    def confirm(self, registration: str, otp: str, **more: str) -> Reply:
        """POST register/confirm."""
        return self.post("register/confirm", {"registration": registration, "otp": otp, **more})

    def register(self, **typed: Any) -> Reply:
        """POST register."""
        return self.post("register", typed)

    def login(self, email: str, password: str = PASSWORD, **more: Any) -> Reply:
        """POST login."""
        return self.post("login", {"email": email, "password": password, **more})

    def account(self, inbox: "Inbox", email: str) -> str:
        """An account with PASSWORD, made by a deferred sign-up; the access token of its session."""
        registration = self.start(email=email, password=PASSWORD).registration
        return str(self.confirm(registration, inbox.newest(email).code).body["access"])

    def send(self, method: str, path: str, access: str = "", body: Any = None) -> Reply:
        """Any method on any path of the API, as the person whose access token it is."""
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        answer = self.http.generic(
            method,
            f"/api/auth/{path}" if not path.startswith("/") else path,
            json.dumps(body or {}),
            content_type="application/json",
            headers=headers,
        )
        parsed = answer.json() if answer.content else {}
        return Reply(
            status=answer.status_code,
            code=parsed.get("code", "") if isinstance(parsed, dict) else "",
            body=parsed,
            headers=dict(answer.headers),
            text=answer.content.decode(),
        )

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """POST any JSON to any path of the API."""
        answer = self.http.post(f"/api/auth/{path}", body, content_type="application/json", headers=headers)
        parsed = answer.json() if answer.content else {}
        return Reply(
            status=answer.status_code,
            code=parsed.get("code", ""),
            registration=parsed.get("registration", ""),
            body=parsed,
            headers=dict(answer.headers),
            text=answer.content.decode(),
        )


class Pages:
    """Through the hosted pages, without JavaScript, every form with its CSRF token."""

    _ALERT = re.compile(r'data-code="([a-z_]+)"')
    _REGISTRATION = re.compile(r'name="registration" value="([^"]+)"')
    _TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

    def __init__(self) -> None:
        self.http = Http(enforce_csrf_checks=True, raise_request_exception=False)

    def start(self, **typed: str) -> Reply:
        """Fill in the sign-up form."""
        return self._post("/register/", typed)

    def resend(self, registration: str) -> Reply:
        """Press "Send a new code"."""
        return self._post("/resend-otp/", {"registration": registration})

    def confirm(self, registration: str, otp: str, **more: str) -> Reply:
        """Fill in the code."""
        return self._post("/verify-otp/", {"registration": registration, "otp": otp, **more})

    def _post(self, path: str, typed: dict[str, str]) -> Reply:
        form = self.http.get("/register/?prompt=login").content.decode()  # also for who is signed in
        token = self._TOKEN.search(form)
        assert token, "no CSRF token in the form"
        answer = self.http.post(path, {**typed, "csrfmiddlewaretoken": token[1]})
        html = answer.content.decode()
        registration, alert = self._REGISTRATION.search(html), self._ALERT.search(html)
        return Reply(
            status=answer.status_code,
            code=alert[1] if alert else "",
            registration=registration[1] if registration else "",
            headers=dict(answer.headers),
            text=html,
        )
