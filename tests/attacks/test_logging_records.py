"""What a log line and a row hold: nothing unproved in clear, nothing that a stranger could write into them, and the
address that is true (LOG-03, LOG-06, LOG-13; the secrets of every flow: test_logging_flows)."""

import json
import re
from io import StringIO

import pytest

from tests.attacks.at_rest import everything
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.audit.models import AuditEvent

ADA = "ada@example.com"
POISONS = ("\x1b[31mred", '"quoted": "x"}', "\u2028\u202e", "a%0d%0aINFO forged", "\t{}", "x" * 5000)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Via")


def test_log_06_what_is_not_proved_is_kept_sealed_and_told_nowhere(api: Api, inbox: Inbox, printed: StringIO) -> None:
    """LOG-01, OTP-02, TOK-21: of a sign-up, while it waits and after it."""
    registration = api.start(email=ADA, password=PASSWORD, full_name="Ada Canary").registration
    waiting = everything()
    code = inbox.newest(ADA).code
    api.confirm(registration, "xxxxxx")
    body = api.confirm(registration, code).body
    at_rest, output = everything(), printed.getvalue()
    for secret in (PASSWORD, body["access"], body["refresh"]):
        assert secret not in waiting + at_rest + output
    for text in (waiting, at_rest):
        assert f"'{code}'" not in text
        assert f'"{code}"' not in text
    assert code not in output
    assert ADA not in output
    assert ADA not in waiting  # an unproved address is kept sealed only
    assert "Ada Canary" not in waiting + output
    assert registration not in waiting + at_rest + output


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: ascii(poison[:12]))
def test_log_03_whatever_is_sent_is_one_line_of_json(api: Api, inbox: Inbox, printed: StringIO, poison: str) -> None:
    sent = poison.encode().decode("latin-1")
    headers = {"User-Agent": sent, "X-Request-ID": sent, "Accept-Language": sent}
    api.post("register/start", {"email": ADA, "password": PASSWORD}, **headers)
    api.post("login", {"username": poison, "password": poison}, **headers)
    api.http.get(f"/api/auth/{poison}", headers=headers)
    api.http.get(f"/login/?next={poison}", headers={**headers, "Referer": sent})
    output = printed.getvalue()
    lines = [json.loads(line) for line in output.removesuffix("\n").split("\n")]
    assert {"registration.started", "request"} <= {line["event"] for line in lines}
    assert len([line for line in lines if line["event"] == "request"]) == 4
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2028\u2029]", output)
    assert {line["request_id"] for line in lines if line["event"] == "request"}.isdisjoint({poison, sent})
    assert all(re.fullmatch(r"[\w.-]{1,64}", line["request_id"]) for line in lines if "request_id" in line)
    assert not any("\x1b" in event.agent for event in AuditEvent.objects.all())


def test_log_07_a_password_in_the_field_of_the_name_is_kept_nowhere(api: Api, inbox: Inbox, printed: StringIO) -> None:
    for kind in ("email", "username", "phone_number"):
        api.post("login", {kind: PASSWORD, "password": "x"})
    Http().post("/login/", {"name": PASSWORD, "password": "x"})
    assert PASSWORD not in everything() + printed.getvalue()


@pytest.mark.parametrize("header", FORWARDED)
def test_log_13_no_header_puts_another_address_on_record(
    api: Api, inbox: Inbox, printed: StringIO, header: str
) -> None:
    """From whomever we do not trust; what a proxy of ours says: test_edge."""
    forged = {header: "for=6.6.6.6" if header == "Forwarded" else "6.6.6.6"}
    api.account(inbox, ADA)
    api.post("login", {"email": ADA, "password": "wrong"}, **forged)
    api.post("login", {"email": ADA, "password": PASSWORD}, **forged)
    api.post("password/reset", {"email": ADA}, **forged)
    assert {event.address for event in AuditEvent.objects.all()} == {"127.0.0.1"}
    assert "6.6.6.6" not in everything() + printed.getvalue()
    assert all("6.6.6.6" not in post.text + post.html for post in inbox.all())
