"""A code by SMS in place of a second factor: only where MFA_SMS is on, a number is proved and there is a factor."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.sessions.models import Session

ADA, NUMBER = "ada@example.com", "+14155550100"


def prove_number(user: User) -> None:
    """Give the account a proved number, as of earlier."""
    User.objects.filter(pk=user.pk).update(phone_number=NUMBER, phone_verified_at=timezone.now() - timedelta(days=1))


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Iterator[Authenticator]:
    """Ada, with an authenticator app and a number, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    user = User.objects.get()
    prove_number(user)
    with configured(MFA_SMS=True):
        yield enrol(user)


def ticket(api: Api) -> str:
    return str(api.login(ADA).body["mfa"])


def text(api: Api, mfa: str) -> Reply:
    return api.post("login/mfa/sms", {"mfa": mfa})


def prove(api: Api, mfa: str, code: str) -> Reply:
    return api.post("login/mfa", {"mfa": mfa, "method": "sms", "code": code})


def test_a_code_by_sms_stands_in_for_the_factor(api: Api, app: Authenticator, inbox: Inbox) -> None:
    answer = api.login(ADA)
    assert answer.body["methods"] == ["totp", "recovery_code", "sms"]
    mfa = answer.body["mfa"]
    sent = text(api, mfa)
    assert (sent.status, sent.body) == (202, {"expires_in": 300, "resend_in": 60})
    code = inbox.newest(NUMBER).code
    assert re.fullmatch(r"\d{6}", code)
    assert prove(api, mfa, code).status == 200
    assert Session.objects.get().amr == ["pwd", "sms", "mfa"]
    assert prove(api, mfa, code).code == "token_used"
    assert AuditEvent.objects.filter(name="second_factor.texted").count() == 1


def test_a_code_belongs_to_its_ticket(api: Api, app: Authenticator, inbox: Inbox) -> None:
    first, second = ticket(api), ticket(api)
    text(api, first)
    code = inbox.newest(NUMBER).code
    assert prove(api, second, code).code == "mfa_invalid"
    text(api, second)
    assert prove(api, second, code).code == "mfa_invalid"
    assert prove(api, first, code).status == 200


def test_the_newest_code_counts_and_the_next_one_waits(api: Api, app: Authenticator, inbox: Inbox) -> None:
    with travel(timezone.now(), tick=False) as clock:
        mfa = ticket(api)
        text(api, mfa)
        early = text(api, mfa)
        assert (early.status, early.code, early.body["retry_after"]) == (429, "cooldown", 60)
        old = inbox.newest(NUMBER).code
        clock.shift(60)
        again = text(api, mfa)
        assert again.body == {"expires_in": 240, "resend_in": 120}  # no longer than the ticket
        assert prove(api, mfa, old).code == "mfa_invalid"
        assert prove(api, mfa, inbox.newest(NUMBER).code).status == 200


def test_wrong_ones_spend_the_tries_of_the_ticket(api: Api, app: Authenticator, inbox: Inbox) -> None:
    mfa = ticket(api)
    text(api, mfa)
    code = inbox.newest(NUMBER).code
    assert [prove(api, mfa, "000000").code for _ in range(5)] == ["mfa_invalid"] * 4 + ["otp_exhausted"]
    assert text(api, mfa).code == "otp_exhausted"
    assert prove(api, mfa, code).code == "otp_exhausted"


def test_texts_cost_and_are_capped(api: Api, app: Authenticator) -> None:
    """ABU-09: the number's own allowance, and those of all texts."""
    with configured(RATES={"sms": "2/hour"}):
        assert [text(api, ticket(api)).status for _ in range(3)] == [202, 202, 429]
    with configured(RATES={"sms_total": "1/day"}):
        assert text(api, ticket(api)).code == "throttled"


def test_a_number_that_was_changed_meanwhile_gets_nothing(api: Api, app: Authenticator, inbox: Inbox) -> None:
    mfa = ticket(api)
    User.objects.update(phone_number="+14155550101")
    assert text(api, mfa).code == "token_expired"
    assert not inbox.all("+14155550101")


def test_by_page_it_is_sent_when_it_is_chosen(app: Authenticator, inbox: Inbox) -> None:
    http = Http()
    asked = http.post("/login/", {"name": ADA, "password": PASSWORD}).content.decode()
    found = re.search(r'name="mfa" value="([^"]+)"', asked)
    assert found
    assert not inbox.all(NUMBER)
    chosen = http.post("/login/mfa/", {"mfa": found[1], "switch": "sms"})
    assert (chosen.status_code, b"Send a new code" in chosen.content) == (200, True)
    assert http.post("/login/mfa/", {"mfa": found[1], "switch": "sms"}).status_code == 429
    form = {"mfa": found[1], "method": "sms", "code": inbox.newest(NUMBER).code}
    assert http.post("/login/mfa/", form).status_code == 303
    assert http.get("/account/").status_code == 200


def test_it_steps_nobody_up(api: Api, app: Authenticator, inbox: Inbox) -> None:
    mfa = ticket(api)
    text(api, mfa)
    code = inbox.newest(NUMBER).code
    access = api.post("login/mfa", {"mfa": ticket(api), "method": "totp", "code": app.code()}).body["access"]
    assert api.send("POST", "reauthenticate", access, {"method": "sms", "code": code}).code == "mfa_invalid"
