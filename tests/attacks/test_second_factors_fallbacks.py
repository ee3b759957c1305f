"""MFA-03: what stands in for a second factor, and what never does (ASVS 6.3.6, 6.6.1)."""

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.factors import enrol
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.factors.registry import Method

ADA, NUMBER = "ada@example.com", "+14155550100"


@pytest.fixture
def user(api: Api, inbox: Inbox) -> User:
    """Ada, with a proved address and a proved number."""
    api.account(inbox, ADA)
    User.objects.update(phone_number=NUMBER, phone_verified_at=timezone.now())
    return User.objects.get()


def test_mfa_03_e_mail_is_never_a_second_factor(api: Api, user: User, inbox: Inbox) -> None:
    app = enrol(user)
    assert not [method for method in Method if "mail" in method]
    with configured(MFA_SMS=True):
        answer = api.login(ADA)
        assert answer.body["methods"] == ["totp", "recovery_code", "sms"]
        refused = api.post("login/mfa", {"mfa": answer.body["mfa"], "method": "email", "code": app.code()})
        assert (refused.status, refused.body["codes"]) == (400, {"method": ["invalid_choice"]})
    assert api.post("login/mfa/email", {"mfa": answer.body["mfa"]}).status == 404


def test_mfa_03_a_text_is_offered_only_where_the_operator_says_so(api: Api, user: User, inbox: Inbox) -> None:
    enrol(user)
    answer = api.login(ADA)
    assert "sms" not in answer.body["methods"]
    assert api.post("login/mfa/sms", {"mfa": answer.body["mfa"]}).code == "not_found"
    wrong = api.post("login/mfa", {"mfa": answer.body["mfa"], "method": "sms", "code": "123456"})
    assert wrong.code == "mfa_invalid"
    assert not inbox.all(NUMBER)


def test_mfa_03_a_number_that_is_not_proved_gets_no_code(api: Api, user: User, inbox: Inbox) -> None:
    enrol(user)
    User.objects.update(phone_verified_at=None)
    with configured(MFA_SMS=True):
        answer = api.login(ADA)
        assert "sms" not in answer.body["methods"]
        assert api.post("login/mfa/sms", {"mfa": answer.body["mfa"]}).code == "not_found"
    assert not inbox.all(NUMBER)


def test_mfa_03_a_number_alone_is_no_factor(api: Api, user: User) -> None:
    with configured(MFA_SMS=True):
        answer = api.login(ADA)
        assert "access" in answer.body
        assert api.send("GET", "mfa", answer.body["access"]).body["sms"] is False
        enrol(user)
        access = api.login(ADA).body
        assert "access" not in access
