"""docs/logs.md shows a line of each event as the code prints it, and names every other line that it prints."""

import ast
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from inspect import signature
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from time_machine import travel

from tests.architecture.source import trees
from tests.world import PASSWORD, Api, Inbox
from vestibule.audit import events
from vestibule.audit.events import Event, refusal_event
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record_event
from vestibule.kernel.client import Client
from vestibule.kernel.request_id import set_request_id

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs/logs.md"
TREES = trees()
CONSTANTS = {name: value for name, value in vars(events).items() if isinstance(value, Event)}
REFUSED = refusal_event("registration.confirm")

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAFF = UUID("0c9d1a77-6a0e-4d0b-8c53-9f6b2d7a1e55")
SOMEBODY, SOMETHING = UUID("5f0c2a52-1d3c-4c8e-9d0a-0b6c1f2e3d4a"), UUID("c1b7e6a0-3f58-4d6f-8a51-2e9d7c4b6a10")
CODES = {
    "phone.removed": "recovered",
    "email.removed": "recovered",
    "session.opened": "pwd otp mfa",
    "session.reauthenticated": "otp mfa",
    "session.ended": "cut_off",
    "profile.changed": "picture",
    "message.delayed": "SMTPServerDisconnected",
    "message.abandoned": "too old",
    "message.feedback": "bounced",
    "transport.refuses_us": "554 5.7.1",
    "sms.refused": "prefix",
    "keys.rotated": "emergency",
    "role.given": "manager",
    "rate.exceeded": "throttled",
    "guesses.excessive": "invalid_credentials",
    "captcha.refused": "captcha_invalid",
    "captcha.vendor_down": "turnstile",
    REFUSED.name: "otp_invalid",
}
VALUES: dict[str, Any] = {
    "user_id": SOMEBODY,
    "subject": bytes.fromhex("8d1f0c6be2a94735") + bytes(24),
    "challenge_id": SOMETHING,
    "channel": "email",
    "resends_left": 4,
    "session": str(SOMETHING),
    "sessions": 2,
    "device": str(SOMETHING),
    "kid": "sQm3v0Yk1hYtq2nWc8ZxLA",
    "forgotten": 1,
    "kind": "registration_code",
    "tries": 1,
    "message": str(SOMETHING),
    "rule": "login",
    "purpose": "register",
    "why": "TimeoutError",
    "method": "totp",
    "left": 9,
    "devices": 2,
    "passkey": str(SOMETHING),
    "application": SOMETHING.hex,
    "key": str(SOMETHING),
    "keys": 2,
}
# Whoever is signed in brings their id; everybody else is a stranger until the event says who it was.
SIGNED_IN = {
    "session.ended",
    "session.reauthenticated",
    "password.changed",
    "password.removed",
    "email.change_asked",
    "email.changed",
} | {
    *("phone.change_asked", "phone.changed", "profile.changed", "device.changed", "device.forgotten"),
    *("account.exported", "account.closing", "audit.exported"),
    *("totp.added", "totp.removed", "recovery_codes.replaced", "devices.unremembered"),
    *("passkey.added", "passkey.renamed", "passkey.removed"),
}
STRANGER = Client(
    at=AT, ip_address="203.0.113.7", user_agent="Mozilla/5.0 (X11; Linux x86_64)", request_id="7d9e2f1ab03c4d5e"
)
PERSON = replace(STRANGER, actor="user", user_id=SOMEBODY)


@cache
def sites() -> dict[str, list[tuple[set[str], str]]]:
    """Of each event, where it is recorded: the keywords given there, and the client as it is written."""
    found: dict[str, list[tuple[set[str], str]]] = {}
    for tree in TREES.values():
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                    continue
                if call.func.id == "_record_staff_action":  # the staff's acts share one place
                    for name in _events(call):
                        found.setdefault(name, []).append(({"user_id", "reason"}, "staff"))
                if call.func.id != "record_event":
                    continue
                named = list(_events(function if isinstance(call.args[0], ast.Name) else call.args[0]))
                given = {word.arg for word in call.keywords if word.arg}
                for name in named:
                    found.setdefault(name, []).append((given, ast.unparse(call.args[1])))
    return found


def _events(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CONSTANTS:
            yield CONSTANTS[node.attr].name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refusal_event":
            yield REFUSED.name


def example(event: Event, printed: StringIO, commit: Callable[..., AbstractContextManager[Any]]) -> str:
    """The line of an event, from the place that tells most of it."""
    given, client = max(sites()[event.name], key=lambda site: len(site[0]))
    who = PERSON if event.name in SIGNED_IN else STRANGER
    if client == "staff" or event.name == "role.given":
        who = replace(PERSON, user_id=STAFF)
    elif client != "client" or event.name in ("keys.rotated", "admin.invited", "message.feedback", "guesses.excessive"):
        actor = {"message.feedback": "mail provider", "keys.rotated": "cli", "admin.invited": "cli"}
        who = Client.for_system(actor.get(event.name, "worker"), AT)
    facts: dict[str, Any] = {name: VALUES.get(name, "…") for name in sorted(given)}
    if "code" in facts:
        facts["code"] = CODES.get(event.name, "…")
    AuditEvent.objects.all().delete()  # one proof, one effect: the database would refuse the second example
    set_request_id("")  # the id of whichever request this thread served last
    printed.truncate(0)
    printed.seek(0)
    with travel(AT, tick=False), commit(execute=True):
        record_event(event, who, **facts)
    [line] = printed.getvalue().splitlines()
    return line


@pytest.mark.django_db
def test_a_line_of_each_event_is_documented(
    printed: StringIO, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]]
) -> None:
    lines = [example(event, printed, django_capture_on_commit_callbacks) for event in (*events.ALL_EVENTS, REFUSED)]
    assert [json.loads(line)["event"] for line in lines] == [event.name for event in (*events.ALL_EVENTS, REFUSED)]
    wanted = "<!-- examples -->\n```json\n" + "\n".join(lines) + "\n```\n<!-- end -->"
    block = re.compile(r"<!-- examples -->.*<!-- end -->", re.DOTALL)
    if os.environ.get("REWRITE_DOCS"):
        DOC.write_text(block.sub(lambda _: wanted, DOC.read_text()))
    found = block.search(DOC.read_text())
    assert found
    assert found[0] == wanted


def test_an_event_declares_the_details_that_are_given_somewhere() -> None:
    """No more, or the table would promise what no line carries; no less, or that place would fail."""
    common = set(signature(record_event).parameters)
    given = {name: set().union(*(words for words, _ in found)) - common for name, found in sites().items()}
    assert given == {event.name: set(event.details) for event in (*events.ALL_EVENTS, REFUSED)}


def test_details_that_an_event_does_not_declare_are_refused(printed: StringIO) -> None:
    for details in ({"password": PASSWORD}, {"rule": PASSWORD, "email": "ada@example.com"}, {"rule": 1}):
        with pytest.raises(TypeError):
            record_event(events.RATE_EXCEEDED, STRANGER, **details)
    assert not printed.getvalue()


def test_what_a_story_prints_is_what_is_documented(api: Api, inbox: Inbox, printed: StringIO) -> None:
    access = api.account(inbox, "ada@example.com")
    api.login("ada@example.com", "a wrong password")
    api.send("PATCH", "me", access, {"full_name": "Ada"})
    api.send("POST", "logout", access)
    documented = {
        line["event"]: set(line) for line in map(json.loads, re.findall(r"^\{.*\}$", DOC.read_text(), re.MULTILINE))
    }
    told = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert {"account.registered", "session.opened", "message.sent", "session.ended"} <= {line["event"] for line in told}
    for line in told:
        name = REFUSED.name if line["event"].endswith(".refused") else line["event"]
        if name in documented:
            # The inbox delivers in the thread of the last request, whose id is still bound there.
            assert set(line) - {"request_id"} <= documented[name], line
    assert PASSWORD not in printed.getvalue()


def test_every_other_line_is_documented() -> None:
    calls = [
        node
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        if node.func.value.id == "log" and isinstance(node.args[0], ast.Constant)
    ]
    levels = {"exception": "error"}
    printed = {
        (str(call.args[0].value), levels.get(call.func.attr, call.func.attr), fields(call))
        for call in calls
        if isinstance(call.func, ast.Attribute) and isinstance(call.args[0], ast.Constant)
    }
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \|([^|]*)\| .+ \|$", DOC.read_text(), re.MULTILINE)
    assert {(name, level, frozenset(re.findall(r"`(\w+)`", words))) for name, level, words in rows} == printed


def fields(call: ast.Call) -> frozenset[str]:
    """What a line holds besides what every line does."""
    return frozenset(word.arg for word in call.keywords if word.arg and word.arg != "exc_info")
