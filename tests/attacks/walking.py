"""How a walk through the flows is gone, by the API: what was answered, told and typed is kept, for the tests that look
at all of it."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command
from django.utils import timezone
from time_machine import travel

from tests.attacks.at_rest import everything
from tests.letters import Post
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.audit.models import AuditEvent

ADA, ADA_NEW, BOB, CY, EVE, BOSS = (f"{n}@example.com" for n in ("ada", "ada.new", "bob", "cy", "eve", "boss"))
NUMBER, OTHER = "+14155550100", "+14155550101"
NEXT, LAST, WRONG = "another password entirely", "and yet another password", "a wrong password canary"
NAME, HANDLE, BIO, DEVICE = "Win at http://evil.example", "prize-canary", "See http://bio.example", "Phone of canary"
AGENT, WHY = "agent-canary/1.0 (+http://agent.example)", "canary of a reason, http://reason.example"
TYPED = (NAME, HANDLE, BIO, DEVICE, AGENT, WHY, "evil.example", "bio.example", "agent.example", "reason.example")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and what came."""

    method: str
    path: str
    reply: Reply


class Heard(Api):
    """The API, each answer of which is kept."""

    def __init__(self, answers: list[Answer], **more: Any) -> None:
        super().__init__(Http(raise_request_exception=False, HTTP_USER_AGENT=AGENT, **more))
        self.answers = answers

    def send(self, method: str, path: str, access: str = "", body: Any = None) -> Reply:
        """Any method on any path."""
        reply = super().send(method, path, access, body)
        self.answers.append(Answer(method, path if path.startswith("/") else f"/api/auth/{path}", reply))
        return reply

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        """POST any JSON to any path."""
        reply = super().post(path, body, **headers)
        self.answers.append(Answer("POST", f"/api/auth/{path}", reply))
        return reply


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a flow: what had to be told of it, what was, and the rows of the audit log that it left."""

    flow: str
    wanted: list[str]
    told: list[dict[str, Any]]
    rows: list[AuditEvent]
    reply: Reply | None

    @property
    def names(self) -> list[str]:
        """What was told, by name."""
        return [line["event"] for line in self.told]


@dataclass
class Walking:
    """Who walks, and what has been seen on the way."""

    inbox: Inbox
    printed: StringIO
    steps: list[Step] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    kept: str = ""
    metrics: str = ""
    later: Callable[[float], None] = lambda seconds: None
    secrets: set[str] = field(default_factory=lambda: {PASSWORD, NEXT, LAST, WRONG})

    def __post_init__(self) -> None:
        self.home = Heard(self.answers)
        self.away = Heard(self.answers, REMOTE_ADDR="198.51.100.7")

    def step(self, flow: str, *events: str, act: Callable[[], Reply | None]) -> Reply:
        """Do it; these events are to be told of it."""
        begun, rows = self.printed.tell(), list(AuditEvent.objects.values_list("pk", flat=True))
        reply = act()
        lines = map(json.loads, self.printed.getvalue()[begun:].splitlines())
        told = [line for line in lines if line["logger"] == "vestibule.audit"]
        left = list(AuditEvent.objects.exclude(pk__in=rows).order_by("pk"))
        self.steps.append(Step(flow, list(events), told, left, reply))
        for name in ("access", "refresh", "registration"):
            if reply and isinstance(reply.body, dict) and reply.body.get(name):
                self.secrets.add(reply.body[name])
        return reply or Reply(status=0)

    def refused(self, flow: str, *before: str, act: Callable[[], Reply | None]) -> Reply:
        """Do what must not be; it is told once."""
        return self.step(flow, *before, f"{flow}.refused", act=act)

    def read(self) -> None:
        """Take what has arrived."""
        self.posts[:0] = self.inbox.all()
        self.inbox.empty()

    def mail(self, to: str, words: str = "") -> Post:
        """The newest mail there (with that in its subject)."""
        self.read()
        return next(post for post in self.posts if post.to == to and words in post.subject)

    def parts(self) -> tuple[Callable[[], None], ...]:
        """What is walked, a day each."""
        return ()

    def go(self) -> None:
        """The whole way, a day later at each of its parts."""
        with travel(timezone.now(), tick=False) as clock:
            self.later = lambda seconds: clock.shift(seconds)
            for part in self.parts():
                part()
                self.read()
                self.kept += everything()
                clock.shift(86_400)
        self.metrics = self.home.http.get("/metrics").content.decode()

    def signed_in(self, email: str = ADA, password: str = PASSWORD) -> str:
        """A fresh access token."""
        return str(
            self.step("sign_in.sign_in", "session.opened", act=lambda: self.home.login(email, password)).body["access"]
        )


def command(name: str, *words: str) -> None:
    """`vestibule …`, whatever comes of it."""
    with suppress(CommandError):
        call_command(name, *words, stdout=StringIO())


def handle(reply: Reply) -> dict[str, str]:
    """The body that names a sign-up."""
    return {"registration": reply.registration}
