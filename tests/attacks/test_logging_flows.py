"""What is seen of a walk through every flow: which events are told, where its secrets are, what is answered, what mails
say (LOG-01, LOG-02, AUZ-03, ABU-06)."""

import json
import re
from datetime import datetime
from io import StringIO
from typing import Any

import pytest

from tests.architecture.test_docs import ROOT
from tests.attacks.walk import Walk
from tests.attacks.walking import TYPED, Answer
from tests.letters import LINK
from tests.openapi import read_contract
from tests.world import Inbox
from vestibule.audit import events

KEPT = {event.name: event.in_audit_log for event in events.ALL_EVENTS}
BEHIND = {"funnel.show"}  # refused by `staff.enter`, before it is asked
SCHEMA: dict[str, Any] = read_contract()
_WALKED: list[Walk] = []


@pytest.fixture
def walk(house: None, inbox: Inbox, printed: StringIO) -> Walk:
    """Gone once for all that look at it here: they look only at what was noted."""
    if not _WALKED:
        walked = Walk(inbox, printed)
        walked.go()
        _WALKED.append(walked)
    return _WALKED[0]


def flows() -> dict[str, tuple[str, str]]:
    """Every flow of the documentation: its refusals and its events."""
    rows = re.findall(r"^\| `(\w+\.\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|$", (ROOT / "docs/flows.md").read_text(), re.M)
    return {flow: (refusals, told) for flow, refusals, told in rows}


def concerns_somebody(line: dict[str, Any]) -> bool:
    """Whether a refusal has a row (docs/events.md)."""
    return "user_id" in line or "subject" in line or line["actor"].startswith("system:")


def test_log_02_each_step_of_each_flow_is_told_once(walk: Walk) -> None:
    """By name and number, in a line and, where the event is kept, in a row."""
    wrong = [(step.flow, step.wanted, step.names) for step in walk.steps if sorted(step.names) != sorted(step.wanted)]
    assert not wrong
    for step in walk.steps:
        kept = [line for line in step.told if KEPT.get(line["event"], concerns_somebody(line))]
        assert [row.name for row in step.rows] == [line["event"] for line in kept], step.flow
        assert [row.code for row in step.rows] == [line.get("code", "") for line in kept], step.flow
        assert [row.application for row in step.rows] == [line.get("application", "") for line in kept], step.flow


def test_log_02_the_walk_leaves_no_flow_out(walk: Walk) -> None:
    done = {step.flow for step in walk.steps if not any(name.endswith(".refused") for name in step.names)}
    refused = {step.flow for step in walk.steps if any(name.endswith(".refused") for name in step.names)}
    missed = {flow for flow, (_, tells) in flows().items() if tells.strip() and flow not in done}
    for flow, (refusals, _) in flows().items():
        if (
            set(re.findall(r"`(\w+)`", refusals)) - {"not_authenticated", "session_revoked", "unavailable"}
            and flow not in refused | BEHIND
        ):
            missed.add(f"{flow}.refused")
    assert not ", ".join(sorted(missed))


def test_log_02_an_event_says_when_who_whom_from_where_and_in_which_request(walk: Walk) -> None:
    for step in walk.steps:
        for line in step.told:
            assert datetime.fromisoformat(line["timestamp"]).utcoffset().total_seconds() == 0  # type: ignore[union-attr]
            assert line["actor"] in ("anonymous", "user", "system:cli", "system:staff", "system:provider")
            if line["actor"] in ("anonymous", "user"):
                assert {"address", "agent", "request_id"} <= line.keys(), line
            if line["event"].endswith(".refused"):
                assert line["code"], line
        for row in step.rows:
            assert row.at.tzinfo is not None
            assert row.user_id or row.subject or row.actor == "system:cli", (step.flow, row.name)
            if row.name in ("role.given", "session.ended_by_staff", "account.suspended") and row.by_id:
                assert row.by_id != row.user_id


def test_log_01_no_secret_is_anywhere_but_where_it_belongs(walk: Walk) -> None:
    """Neither at rest nor told nor in an answer to anything else: passwords, codes, links, handles and tokens."""
    codes = {code for post in walk.posts for code in re.findall(r"(?m)^\s*([\d-]{6,29})\s*$", post.text)}
    codes |= {secret for secret in walk.secrets if secret.isdecimal()}  # six digits stand in many a moment, by chance
    links = {token for post in walk.posts for token in LINK.findall(post.text)}
    assert len(walk.secrets) > 30
    assert len(codes) > 8
    assert len(links) > 8
    told = "\n".join(json.dumps(line) for step in walk.steps for line in step.told)
    refusals = "\n".join(answer.reply.text for answer in walk.answers if answer.reply.code)  # they repeat nothing
    for place in (walk.kept, told, walk.metrics, refusals):
        assert not [secret for secret in (walk.secrets | links) - codes if secret in place]
        found = {code for code in codes if code in place}  # as it stands, and then not as a part of something else
        assert not [code for code in found if re.search(rf"(?<![\w.:-]){code}(?![\w.-])", place)]


def test_abu_06_no_mail_says_what_anybody_typed(walk: Walk) -> None:
    """Neither names nor devices, agents and reasons of the staff: nobody sends their words by our hand."""
    assert len({post.subject for post in walk.posts}) > 12
    for post in walk.posts:
        whole = "\n".join((post.subject, post.text, post.html, *post.headers.values()))
        assert not [typed for typed in TYPED if typed in whole], post.subject


def schema_of(answer: Answer) -> dict[str, Any]:
    """What the contract says of it."""
    for path, operations in sorted(SCHEMA["paths"].items(), key=lambda item: "{" in item[0]):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), answer.path.partition("?")[0]):
            response = operations[answer.method.lower()]["responses"][str(answer.reply.status)]
            return next((media["schema"] for media in response.get("content", {}).values()), {})
    raise AssertionError(answer.path)


def undocumented(body: Any, schema: dict[str, Any], where: str) -> list[str]:
    """The members that it does not know."""
    if "$ref" in schema:
        schema = SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    choices = (*schema.get("oneOf", ()), *schema.get("allOf", ()), *schema.get("anyOf", ()))
    if tried := [undocumented(body, choice, where) for choice in choices if "$ref" in choice]:
        return min(tried, key=len) if isinstance(body, dict) else []
    if isinstance(body, list):
        return [each for item in body for each in undocumented(item, schema.get("items", {}), where)]
    if not isinstance(body, dict) or "additionalProperties" in schema:
        return []
    known = schema.get("properties", {})
    found = [f"{where}.{name}" for name in body.keys() - known.keys()]
    return found + [each for name in body.keys() & known.keys() for each in undocumented(body[name], known[name], name)]


def test_auz_03_every_answer_has_the_fields_of_the_contract_and_no_other(walk: Walk) -> None:
    asked = {(answer.method, answer.path.partition("?")[0]) for answer in walk.answers}
    assert len(asked) > 50
    for answer in walk.answers:
        assert undocumented(answer.reply.body, schema_of(answer), answer.path) == [], answer.path


def test_auz_03_no_field_of_the_contract_holds_a_secret_or_somebody_elses() -> None:
    """Those that answers may have; a new one has to be meant."""
    known = SCHEMA["components"]["schemas"]
    reached: dict[str, set[str]] = {}

    def reach(schema: Any) -> None:
        if isinstance(schema, dict):
            name = str(schema.get("$ref", "")).rpartition("/")[2]
            if name and name not in reached:
                reached[name] = set(known[name].get("properties", {}))
                reach(known[name])
            for each in schema.values():
                reach(each)
        elif isinstance(schema, list):
            for each in schema:
                reach(each)

    for operations in SCHEMA["paths"].values():
        for operation in operations.values():
            reach(operation["responses"])
    words = r"passw|hash|secret|seal|digest|seed|fingerprint|subject|challenge_|otp|is_staff|is_super|salt_|token$|_key"
    told = {f"{name}.{each}" for name, fields in reached.items() for each in fields if re.search(words, each)}
    switches = {"CaptchaRules.password_reset", "CaptchaRules.site_key", "Configuration.password", "Myself.has_password"}
    switches |= {"Configuration.passwords"}
    once = {"SeedShown.secret", "SeedShown.otpauth_url"}  # to its person, when an authenticator app is set up
    once |= {"NewApplicationShown.client_secret", "NewSecretShown.client_secret"}  # to the admin who made it
    switches |= {"ApplicationDetailsShown.secrets", "NewApplicationShown.secrets"}  # how they end
    assert told == switches | once | {"FactorsShown.totp"}
    person = {"id", "email", "username", "full_name", "phone_number", "role", "status", "email_verified"}
    person |= {"phone_verified", "created_at"}
    assert reached["Person"] == person
    assert reached["Myself"] == person | {"profile", "has_password"}
    assert reached["PersonShown"] == person | {"updated_at", "closes_at"}
    assert reached["PersonDetailsShown"] == reached["PersonShown"] | {"mfa", "passkeys", "factor_reset", "identities"}
    assert reached["PasskeyFacts"] == {"name", "created_at", "last_used_at"}
    assert reached["FactorResetShown"] == {"created_at", "due_at"}
    assert reached["IdentityFacts"] == {"id", "provider", "name", "created_at", "last_used_at"}
    assert reached["PendingPerson"] <= person
