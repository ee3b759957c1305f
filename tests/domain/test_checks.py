"""What `manage.py check` says of a project's VESTIBULE and its routers, before the first request would."""

from typing import Any

import pytest
from django.core.checks import registry
from django.db import models
from django.test import override_settings

from tests.configured import configured
from vestibule.accounts.checks import check_routers, check_signup_fields
from vestibule.limits.checks import check_rates, check_settings
from vestibule.limits.rules import DEFAULT_RATES

CHECKS = (check_settings, check_rates, check_signup_fields, check_routers)


def findings() -> list[tuple[str | None, str, str | None]]:
    return [(found.id, found.msg, found.hint) for check in CHECKS for found in check()]


def test_every_check_is_registered() -> None:
    assert set(CHECKS) <= registry.registry.registered_checks


def test_what_is_right_is_not_told() -> None:
    with configured(RATES={"login": "5/minute; 20/hour", "anon": "", "sms_total": " "}, SIGNUP_FIELDS=["device"]):
        assert findings() == []
    with configured(RATES=DEFAULT_RATES):
        assert findings() == []


@pytest.mark.parametrize(
    ("given", "id", "told", "remedy"),
    [
        ({"OTP_TLT": 1}, "E070", "no setting 'OTP_TLT'", "Did you mean OTP_TTL?"),
        ({"otp_ttl": 1}, "E070", "no setting 'otp_ttl'", "Did you mean OTP_TTL?"),
        ({"COLOUR_OF_MAGIC": 1}, "E070", "no setting", "docs/settings.md"),
        ({7: 1}, "E070", "no setting 7", "docs/settings.md"),
        ({"OTP_TTL": 600}, "E070", "['OTP_TTL'] is int.", "must be timedelta"),
        ({"PLACES": 10_001}, "E070", "['PLACES'] is 10001.", "from 0 to 10000"),
        ({"RATES": {"login": 5}}, "E070", "['RATES'] is dict.", "a dict from str to str"),
        ({"RATES": "5/minute"}, "E070", "['RATES'] is str.", "a dict from str to str"),
        ({"RATES": {"logn": "5/minute"}}, "E071", "'logn', which is no rule", "Did you mean login?"),
        ({"RATES": {"LOGIN": "5/minute"}}, "E071", "'LOGIN', which is no rule", "Did you mean login?"),
        ({"RATES": {"zzz": "5/minute"}}, "E071", "'zzz', which is no rule", "docs/settings.md"),
        ({"RATES": {"login": "5 a minute"}}, "E072", "['login'] is '5 a minute'", "10/minute;100/hour"),
        ({"RATES": {"login": "5"}}, "E072", "['login'] is '5'", "10/minute;100/hour"),
        ({"RATES": {"login": "0/minute"}}, "E072", "['login'] is '0/minute'", "10/minute;100/hour"),
        ({"RATES": {"login": "-5/minute"}}, "E072", "['login']", "10/minute;100/hour"),
        ({"RATES": {"login": "5/minute;"}}, "E072", "['login']", "10/minute;100/hour"),
        ({"RATES": {"sms_total": "5/fortnight"}}, "E072", "['sms_total']", "10/minute;100/hour"),
        ({"RATES": {"login": "off"}}, "E072", "['login'] is 'off'", "'' for none"),
        ({"SIGNUP_FIELDS": ["full_nam"]}, "E073", "'full_nam', which is no field", "full_name"),
        ({"SIGNUP_FIELDS": "full_name"}, "E070", "['SIGNUP_FIELDS'] is str.", "a list of str"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_to_write(
    given: dict[Any, Any], id: str, told: str, remedy: str
) -> None:
    with override_settings(VESTIBULE=given):
        [(code, what, hint)] = findings()
    assert code == f"vestibule.{id}"
    assert told in what
    assert remedy in str(hint)


@pytest.mark.parametrize("given", [None, ["BASE_URL"], "BASE_URL"])
def test_what_is_no_dict_is_told(given: object) -> None:
    with override_settings(VESTIBULE=given):
        [(code, _, hint)] = findings()
    assert (code, 'VESTIBULE = {"' in str(hint)) == ("vestibule.E070", True)


def test_every_mistake_is_told_at_once_and_no_text() -> None:
    rates = {"logn": "1/minute", "login": "often"}
    given = {"OTP_TLT": 1, "PLACES": -1, "CAPTCHA_SECRET_KEY": b"canary", "RATES": rates, "SIGNUP_FIELDS": ["x"]}
    with override_settings(VESTIBULE=given):
        found = findings()
    ids = ["E070", "E070", "E070", "E071", "E072", "E073"]
    assert [code for code, *_ in found] == [f"vestibule.{id}" for id in ids]
    assert "canary" not in str(found)


class Parted:
    """A router that keeps the counts elsewhere."""

    def db_for_read(self, model: type[models.Model], **_: object) -> str:
        return "counts" if model._meta.app_label == "vestibule_limits" else "people"

    db_for_write = db_for_read


class Lagging:
    """A router that reads sessions from a copy."""

    def db_for_read(self, model: type[models.Model], **_: object) -> str | None:
        return "copy" if model._meta.label == "vestibule_sessions.Session" else None


@pytest.mark.parametrize(
    ("router", "told", "remedy"),
    [
        (Parted(), "vestibule_limits.Tally in counts", "'people'"),
        (Lagging(), "Session in copy and default", "'default'"),
    ],
)
def test_a_router_keeps_all_tables_in_one_database(router: object, told: str, remedy: str) -> None:
    with override_settings(DATABASE_ROUTERS=[router]):
        found = check_routers()
    assert {each.id for each in found} == {"vestibule.E074"}
    assert any(told in each.msg and remedy in str(each.hint) for each in found)
