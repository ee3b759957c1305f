"""What becomes of `company`, a row that tests/domain/test_fields.py adds to a copy of the source: run there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.desk import PageDesk, given
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import lifecycle
from vestibule.accounts.models import Profile, User
from vestibule.flows.account import personal_data

ADA, BOSS = "ada@example.com", "boss@example.com"


def profile_of(email: str) -> Profile:
    return User.objects.get(email=email).profile


@pytest.mark.parametrize("way", ["start", "register"])
def test_company_is_told_at_sign_up(way: str, api: Api, inbox: Inbox) -> None:
    begun = api.post("register/start" if way == "start" else "register", sign_up("  ACME & Sons "))
    assert begun.status == (202 if way == "start" else 201), begun
    assert api.confirm(begun.registration, inbox.newest(ADA).code).status == 201
    assert profile_of(ADA).company == "ACME & Sons"  # type: ignore[attr-defined]  # of the row


def sign_up(company: str) -> dict[str, str]:
    return {"email": ADA, "password": PASSWORD, "confirm_password": PASSWORD, "company": company}


@configured(SIGNUP_FIELDS=["company"])
def test_company_is_asked_for_and_parsed(api: Api, inbox: Inbox) -> None:
    assert api.post("register/start", sign_up("")).body["codes"] == {"company": ["required"]}
    assert api.post("register/start", sign_up("A\x07")).body["codes"] == {"company": ["invalid"]}
    assert api.post("register/start", sign_up("A" * 101)).body["codes"] == {"company": ["max_length"]}
    page = Http().get("/register/").content.decode()
    assert '<label for="company">Company</label>' in page
    assert 'autocomplete="organization"' in page
    refused = Http().post("/register/", sign_up("A" * 101)).content.decode()
    assert 'id="company-error"' in refused
    assert Http().post("/register/", sign_up("ACME")).status_code in (200, 303)
    assert inbox.newest(ADA).code


def test_company_is_changed_by_api_and_page(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    changed = api.send("PATCH", "me", access, {"profile": {"company": "ACME"}})
    assert (changed.status, changed.body["profile"]["company"]) == (200, "ACME")
    refused = api.send("PATCH", "me", access, {"profile": {"company": "A" * 101}})
    assert refused.body["codes"] == {"profile.company": ["max_length"]}
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    assert "ACME" in http.get("/account/").content.decode()
    assert 'value="ACME"' in http.get("/account/profile/company/").content.decode()
    assert http.post("/account/profile/company/", {"company": "Babbage & Co"}).status_code == 303
    assert api.send("GET", "me", access).body["profile"]["company"] == "Babbage & Co"
    assert api.send("PATCH", "me", access, {"profile": {"company": None}}).body["profile"]["company"] == ""


def test_company_is_seen_by_the_staff_exported_and_erased(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    api.send("PATCH", "me", access, {"profile": {"company": "ACME"}})
    assert api.send("GET", "me/export", access).body["profile"]["company"] == "ACME"
    Api().account(inbox, BOSS)
    given(BOSS, "admin")
    ada = User.objects.get(email=ADA)
    page = PageDesk(BOSS).http.get(f"/admin/accounts/user/{ada.pk}/").content.decode()
    assert "<dt>Company</dt><dd>ACME</dd>" in page
    now = timezone.now()
    lifecycle.schedule_closing_by_owner(ada.pk, now - timedelta(seconds=1))
    assert personal_data.erase_due_accounts(now, 10) == 1
    assert Profile.objects.get(pk=ada.pk).company == ""  # type: ignore[attr-defined]
