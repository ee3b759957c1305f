"""The library's settings: typed, checked, and as they are when they are asked for."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.configured import configured
from vestibule.conf import NAMES, Settings, conf, read_settings


def read(**given: Any) -> Settings:
    """The settings of a project that gives these."""
    return read_settings(SimpleNamespace(VESTIBULE=given, SECRET_KEY="of a project", SECRET_KEY_FALLBACKS=["older"]))


def test_a_project_that_says_nothing_has_the_defaults() -> None:
    its = read_settings(SimpleNamespace(SECRET_KEY="of a project", SECRET_KEY_FALLBACKS=[]))
    assert (its.otp_ttl, its.password_min_length, its.channels) == (timedelta(minutes=10), 12, ("email",))
    assert its.jwt_issuer == its.jwt_audience == its.base_url
    assert its.places == its.hashing_slots + 16
    assert not its.mailbox


def test_each_default_is_a_value_that_may_be_given() -> None:
    defaults = read()
    assert read(**{name: getattr(defaults, name.lower()) for name in NAMES}) == defaults


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"OTP_TLT": timedelta(minutes=1)}, "no setting 'OTP_TLT'. Did you mean OTP_TTL"),
        ({"otp_ttl": timedelta(minutes=1)}, "no setting 'otp_ttl'"),
        ({"SECRET_KEYS": ["x"]}, "no setting 'SECRET_KEYS'"),
        ({"OTP_TTL": 600}, r"VESTIBULE\['OTP_TTL'\] is int. It must be timedelta"),
        ({"OTP_TTL": timedelta(minutes=11)}, "is 0:11:00. It must be from 0:00:01 to 0:10:00"),
        ({"PASSWORD_MIN_LENGTH": 7}, "is 7. It must be from 8 to 64"),
        ({"PASSWORD_MIN_LENGTH": True}, "is bool"),
        ({"LINK_BINDING": "off"}, "is str. It must be bool"),
        ({"ENUMERATION_PROTECTION": 0}, "is int"),
        ({"SIGNUP_FIELDS": "full_name"}, "is str"),
        ({"SIGNUP_FIELDS": [1]}, "is tuple. It must be a list of str"),
        ({"REGISTRATION_MODE": "pendign"}, "is str. It must be 'deferred' or 'pending'"),
        ({"TRUSTED_PROXIES": ["10.0.0.0/8"]}, "is tuple. It must be a list of IPv4Network or IPv6Network"),
        ({"RATES": {"login": 5}}, "is dict. It must be a dict from str to str"),
        ({"PASSWORD_BREACH_FILE": "breached.txt"}, "is str. It must be Path or None"),
        ({"PLACES": -1}, "is -1. It must be from 0 to 10000"),
        ({"PAGE_IDLE": timedelta(0)}, "is 0:00:00. It must be from 0:00:01"),
        ({"OTP_COOLDOWNS": []}, "is empty. It must be from"),
        ({"OTP_COOLDOWNS": [timedelta(seconds=9), timedelta(-1)]}, "is 0:00:09, -1 day"),
        ({"BASE_URL": "shop.example.com"}, "is no absolute URL.* It must be like https://"),
        ({"BASE_URL": "https://shop.example.com/"}, "ends with a slash"),
        ({"BASE_URL": ""}, "is no absolute URL"),
        ({"FRONTEND_URL": "javascript:alert(1)"}, "is no absolute URL"),
    ],
)
def test_what_cannot_be_meant_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=told):
        read(**given)


def test_every_number_and_time_has_bounds() -> None:
    defaults = read()
    for name in NAMES:
        value = getattr(defaults, name.lower())
        for kind, beyond in ((int, (-1, 10**10)), (timedelta, (timedelta(-1), timedelta(10**6)))):
            for given in beyond:
                if type(value) is kind:
                    with pytest.raises(ImproperlyConfigured, match=rf"VESTIBULE\['{name}'\] is .* It must be from"):
                        read(**{name: given})


def test_no_secret_is_told() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(CAPTCHA_SECRET_KEY=b"canary")
    assert "canary" not in str(refused.value) + repr(read(CAPTCHA_SECRET_KEY="canary"))


def test_vestibule_is_a_dict() -> None:
    with pytest.raises(ImproperlyConfigured, match="dict"):
        read_settings(SimpleNamespace(VESTIBULE=["BASE_URL"], SECRET_KEY="x", SECRET_KEY_FALLBACKS=[]))


def test_lists_are_taken_as_they_are_written() -> None:
    its = read(SIGNUP_FIELDS=["username"], TRUSTED_PROXIES=[ip_network("10.0.0.0/8")], CAPTCHA_HOSTS={"a.example"})
    assert (its.signup_fields, its.captcha_hosts) == (("username",), ("a.example",))
    assert read(PASSWORD_BREACH_FILE=Path("x")).password_breach_file == Path("x")


def test_what_follows_from_a_setting_follows_it() -> None:
    its = read(BASE_URL="https://Bücher.example:8443", SMS_GATEWAY="gateway.send", BRAND_NAME="Books")
    assert (its.https, its.host, its.mail_domain) == (True, "xn--bcher-kva.example", "xn--bcher-kva.example")
    assert (its.channels, its.brand.name) == (("email", "sms"), "Books")
    assert its.session_cookie_name == "__Host-session"
    assert its.keys.unsign("test", read().keys.sign("test", b"one secret key")) == b"one secret key"


def test_the_settings_of_a_test_are_followed_and_left() -> None:
    before = conf.link_binding
    with configured(LINK_BINDING=not before):
        assert conf.link_binding is not before
        with configured(SECRET_KEY="another secret key that is long enough to be one"):
            assert conf.link_binding is not before
            signed = conf.keys.sign("test", b"body")
    assert conf.link_binding is before
    assert not conf.keys.matches_digest(conf.keys.digest("test", b"body"), "test", signed.encode())


@configured(STEP_UP=timedelta(minutes=1))
def test_a_whole_test_may_have_other_settings() -> None:
    assert conf.step_up == timedelta(minutes=1)
