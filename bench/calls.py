"""`make bench-calls`: what one request costs a web process, and one mail a worker: CPU, calls of functions, statements.

One process asks itself through WSGI, with PostgreSQL, Redis and hashes at the least cost, so that what is left is our
own. Calls are the same in every run, whatever else the machine does; CPU is a median, of the thread that asks or
delivers: the mail server is another thread.
"""

import io
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from functools import cache
from itertools import count, cycle
from statistics import median
from types import FrameType
from typing import Any

os.environ["STACK"] = "production"
import django

from tests import environment  # noqa: F401 - first: Django reads the environment once

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import hashes
from tests.configured import rated
from tests.world import PASSWORD, Inbox, Smtp, serve_smtp
from vestibule.applications.delivery import deliver_due_messages
from vestibule.courier.models import Message, State
from vestibule.courier.transports.channels import reuse_mail_connection
from vestibule.limits.admission import admission
from vestibule.service.boot import freeze_garbage_collector
from vestibule.service.wsgi import application

ROUNDS, WARM, COUNTED = 300, 20, 5  # requests of each kind: measured, before them, and counted
MAILS = 10  # of one look of the worker: it looks ten times a second, and a hundred people sign up
PEOPLE = 30  # who sign in by turns, so that nobody has more sessions than they may

Send = Callable[[], dict[str, Any]]
Sends = Generator[Send, None, None]


class Town:
    """Asks the application, without a server between, and reads the mails."""

    def __init__(self) -> None:
        smtp = Smtp()
        self.inbox, self._served = Inbox(smtp), serve_smtp(smtp, int(os.environ["EMAIL_PORT"]))
        next(self._served)
        self._numbers = count()

    def email(self) -> str:
        """One that nobody has."""
        return f"p{next(self._numbers)}@example.com"

    def ask(self, method: str, path: str, body: Any = None, access: str = "", status: str = "2") -> Send:
        """A request that is ready to be sent. What it answers is the parsed body; the status begins so."""
        sent = json.dumps(body).encode() if body else b""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/api/auth/{path}",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "testserver",
            "HTTP_USER_AGENT": "bench",
            "HTTP_ACCEPT": "*/*",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(sent),
            "wsgi.errors": sys.stderr,
        }
        if body:
            environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent))}
        if access:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {access}"

        def send() -> dict[str, Any]:
            lines: list[str] = []
            answer = application(environ, lambda line, _: lines.append(line))  # type: ignore[arg-type]  # writes nothing
            content = b"".join(answer)
            answer.close()
            assert lines[0].startswith(status), (lines, content)
            return dict(json.loads(content))

        return send

    def start(self, email: str) -> Send:
        """A sign-up."""
        return self.ask("POST", "register/start", {"email": email, "password": PASSWORD})

    def confirm(self, email: str) -> Send:
        """The confirmation of a sign-up, which begins here."""
        registration = self.start(email)()["registration"]
        while not (posts := self.inbox.all(email)):  # others' mails come first
            pass
        self.inbox.empty()
        return self.ask("POST", "register/confirm", {"registration": registration, "otp": posts[0].code})


def starts(town: Town) -> Sends:
    """`register/start`."""
    while True:
        yield town.start(town.email())


def confirms(town: Town) -> Sends:
    """`register/confirm`."""
    while True:
        yield town.confirm(town.email())


def logins(town: Town) -> Sends:
    """`login`."""
    people = [town.email() for _ in range(PEOPLE)]
    for email in people:
        town.confirm(email)()
    for email in cycle(people):
        yield town.ask("POST", "login", {"email": email, "password": PASSWORD})


def refreshes(town: Town) -> Sends:
    """`token/refresh`, each with the token that the one before was answered."""
    tokens = town.confirm(town.email())()
    while True:
        ask = town.ask("POST", "token/refresh", {"refresh": tokens["refresh"]})

        def send(ask: Send = ask) -> dict[str, Any]:
            tokens.update(ask())
            return tokens

        yield send


def mes(town: Town) -> Sends:
    """`me`, with one token."""
    access = town.confirm(town.email())()["access"]
    while True:
        yield town.ask("GET", "me", access=access)


def mails(town: Town) -> Sends:
    """A look of the worker that finds the mails of so many sign-ups, over a connection that is open."""

    def deliver() -> dict[str, Any]:
        assert deliver_due_messages(timezone.now()) == MAILS
        return {}

    town.inbox.all()
    Message.objects.all().delete()
    with reuse_mail_connection():
        while True:
            for _ in range(MAILS):
                town.start(town.email())()
            yield deliver
            assert Message.objects.filter(state=State.SENT).delete()[0] == MAILS
            town.inbox.empty()


def throttled(town: Town) -> Sends:
    """Sign-ins that a rate refuses."""
    body = {"email": town.email(), "password": PASSWORD}
    with rated(login="1/hour"):
        town.ask("POST", "login", body, status="4")()
        while True:
            yield town.ask("POST", "login", body, status="429")


def displaced(town: Town) -> Sends:
    """Sign-ins of nobody known, while every place for a hash is taken."""
    admission.forget_networks()
    while admission.places.acquire_place([f"party {admission.places.places_used}"], known=True):
        pass
    while True:
        yield town.ask("POST", "login", {"email": town.email(), "password": PASSWORD}, status="503")


KINDS = {
    **{"start": starts, "confirm": confirms, "login": logins, "refresh": refreshes, "me": mes, "mail": mails},
    **{"429": throttled, "503": displaced},  # the last: nobody gives the places back
}
AT_ONCE = {"mail": MAILS}  # how many of them one turn is


# Whose code calls, by a part of the path of its file; the first that fits.
WHOSE = {
    "ours": "/vestibule/",
    "Django": "/site-packages/django/",
    "DRF": "/site-packages/rest_framework/",
    "psycopg": "/site-packages/psycopg",
    "Redis": "/site-packages/redis/",
    "others'": "/site-packages/",
    "Python's": "",
}


@cache
def whose(file: str) -> str:
    """Whose code a file holds."""
    return next(name for name, part in WHOSE.items() if part in file)


class Calls:
    """Counts calls of Python and of C functions in this thread while it is entered, also by whose code they are in."""

    def __enter__(self) -> "Calls":
        self.python = self.c = 0
        self.by_owner: Counter[str] = Counter()
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, _: Any) -> None:
        self.python += event == "call"
        self.c += event == "c_call"
        if event in ("call", "c_call"):
            self.by_owner[whose(frame.f_code.co_filename)] += 1


def measure(requests: Sends, at_once: int) -> str:
    """One row of the table."""
    for _ in range(max(WARM // at_once, 5)):
        next(requests)()
    spent = []
    for _ in range(ROUNDS // at_once):
        send = next(requests)
        began = time.thread_time()
        send()
        spent.append(time.thread_time() - began)
    counted = []
    for _ in range(COUNTED):
        send = next(requests)
        with Calls() as calls:
            send()
        counted.append((calls.python, calls.c))
    send = next(requests)
    with CaptureQueriesContext(connection) as statements:
        send()
    python, c = min(counted)
    counts = python // at_once, c // at_once, len(statements) / at_once
    shares = "".join(f"{100 * calls.by_owner[name] / calls.by_owner.total():9.0f}%" for name in WHOSE)
    return f"{1000 * median(spent) / at_once:10.3f}{counts[0]:9}{counts[1]:9}{counts[2]:12g}{shares}"


def main(names: list[str]) -> None:
    """Measure those requests, or all, and print a row for each."""
    hashes.cheapen()
    call_command("migrate", verbosity=0)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(io.StringIO())  # lines are written, and read by nobody
    town = Town()
    freeze_garbage_collector()
    owners = "".join(f"{name:>10}" for name in WHOSE)
    sys.stdout.write(f"{'':10}{'CPU ms':>10}{'calls':>9}{'C calls':>9}{'statements':>12}{owners}\n")
    for name in names or KINDS:
        with closing(KINDS[name](town)) as requests:
            sys.stdout.write(f"{name:10}{measure(requests, AT_ONCE.get(name, 1))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
