"""Signing in by mail, as a client does it: a start, the mail of it, and the confirmation."""

from dataclasses import dataclass
from typing import Protocol

from tests.letters import Post
from tests.world import Api, Inbox, Pages, Reply


@dataclass(frozen=True, slots=True)
class Asked:
    """A start by an API client: its handle, and the mail if one came."""

    api: Api
    magic: str
    post: Post

    def by_link(self, **more: object) -> Reply:
        """Press the button, in the client that asked."""
        return self.api.post("login/magic/confirm", {"token": self.post.token, "magic": self.magic, **more})

    def by_code(self, **more: object) -> Reply:
        """Type the code, in the client that asked."""
        return self.api.post("login/magic/confirm", {"otp": self.post.code, "magic": self.magic, **more})


def ask(api: Api, inbox: Inbox, email: str) -> Asked:
    """Ask for a link, and read the mail."""
    answer = api.post("login/magic/start", {"email": email})
    assert answer.status == 202
    return Asked(api, answer.body["magic"], inbox.newest(email))


class MagicDoor(Protocol):
    """A client that signs in by mail: at the API or at the pages."""

    def start(self, email: str) -> Reply:
        """Ask for a mail; the client keeps what binds it."""

    def open(self, token: str) -> Reply:
        """Press the button behind the link."""

    def type_code(self, email: str, code: str) -> Reply:
        """Type the code of a mail, with the address."""

    @property
    def is_inside(self) -> bool:
        """Whether this client is signed in."""


class MagicApi:
    """A client of the API."""

    def __init__(self) -> None:
        self.api, self.magic, self.access = Api(), "", ""

    def start(self, email: str) -> Reply:
        """POST login/magic/start."""
        reply = self.api.post("login/magic/start", {"email": email})
        self.magic = reply.body.get("magic", "")
        return reply

    def open(self, token: str) -> Reply:
        """POST login/magic/confirm with the link."""
        return self._confirm({"token": token, "magic": self.magic})

    def type_code(self, email: str, code: str) -> Reply:
        """POST login/magic/confirm with the code."""
        return self._confirm({"email": email, "otp": code})

    def _confirm(self, body: dict[str, str]) -> Reply:
        reply = self.api.post("login/magic/confirm", body)
        self.access = reply.body.get("access", "") or self.access
        return reply

    @property
    def is_inside(self) -> bool:
        """Whether it has an access token."""
        return bool(self.access)


class MagicPages(Pages):
    """A browser."""

    def start(self, email: str = "", **_: str) -> Reply:
        """Type the address."""
        return self._post("/login/magic/", {"email": email})

    def open(self, token: str) -> Reply:
        """Press the button."""
        return self._post("/login/magic/", {"token": token})

    def type_code(self, email: str, code: str) -> Reply:
        """Type the code, where another browser asked."""
        return self._post("/login/magic/", {"email": email, "otp": code})

    @property
    def is_inside(self) -> bool:
        """Whether the account's page is shown."""
        return self.http.get("/account/").status_code == 200
