"""Addresses in settings: hosts in ASCII, stores as their libraries read them, senders as headers want them."""

from email.policy import default as headers
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage

from tests.fresh import fresh_settings
from vestibule.conf import read_settings
from vestibule.service.settings import addresses, value_types
from vestibule.service.settings.value_types import UnreadableValue

SECRET = "a secret key for tests that is long enough"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@%2Fvar%2Frun%2Fpostgresql/n", {"HOST": "/var/run/postgresql", "NAME": "n", "USER": "u"}),
        ("postgresql:///n?host=/var/run/postgresql&port=5433", {"HOST": "/var/run/postgresql", "PORT": "5433"}),
        ("postgres://u:p%40%23%25%2F@db:5432/n", {"PASSWORD": "p@#%/", "HOST": "db"}),
        ("postgres://u:p@#w@db/n", {"PASSWORD": "p@#w", "HOST": "db"}),
        ("postgres://u:p@[fd00::5]:5432/n", {"HOST": "fd00::5", "PORT": "5432"}),
        ("postgres://u@a:5432,b:5433/n", {"HOST": "a,b", "PORT": "5432,5433"}),
        (
            "postgres://u@h/n?sslmode=verify-full&channel_binding=require",
            {"OPTIONS": {"sslmode": "verify-full", "channel_binding": "require"}},
        ),
        ("postgres://u@h/n%C3%A4", {"NAME": "nä"}),
    ],
)
def test_fault_07_database_urls(url: str, expected: dict[str, Any]) -> None:
    database = addresses.parse_postgresql_url(url)
    assert {key: database[key] for key in expected} == expected


@pytest.mark.parametrize(
    "url",
    [
        "mysql://h/n",
        "h/n",
        "postgres://",
        "postgres://h",
        "postgres://u:%zz@h/n",
        "postgres://h:0/n",
        "postgres://h:x/n",
        "postgres://h/n?ssl=1",
    ],
)
def test_fault_33_database_urls_that_are_none(url: str) -> None:
    with pytest.raises(UnreadableValue):
        addresses.check_database_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "redis://h",
            "redis://:p%40%23@h:6379/0",
            "rediss://u:p@h:6380/1?ssl_ca_certs=/ca.pem",
            "unix:///run/redis.sock?db=1",
        ),
        *("redis://[::1]:6379/0", "redis+sentinel://a:26379,b/main/0", "rediss+cluster://:p@a:6379,b:6380"),
    ],
)
def test_fault_33_redis_urls(url: str) -> None:
    assert addresses.check_redis_url(url) == addresses.check_broker_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "127.0.0.1:6379",
            "http://x",
            "redis://",
            "redis:///0",
            "redis://h:99999",
            "redis://h:x",
            "redis://h/x",
            "unix://",
        ),
        *(
            "redis://:p@w@h",
            "redis://:p#w@h:6379/0",
            "redis://h?nonsense=1",
            "redis+sentinel://a",
            "redis+x://a",
            "redis+sentinel://:a@b@h/m",
        ),
    ],
)
def test_fault_33_redis_urls_that_are_none(url: str) -> None:
    for read in (addresses.check_redis_url, addresses.check_broker_url):
        with pytest.raises(UnreadableValue) as refused:
            read(url)
        assert refused.value.remedy


def test_fault_33_brokers() -> None:
    assert addresses.check_broker_url("amqp://u:p@h:5672/v") == "amqp://u:p@h:5672/v"
    for url in ("amqp://", "rabbit://h", "amqp://h:99999", "h:5672"):
        with pytest.raises(UnreadableValue):
            addresses.check_broker_url(url)


@pytest.mark.parametrize(
    "name",
    [
        "Acme, Inc.",
        "Foo: Bar",
        "A@B",
        "[ACME]",
        "<Acme>",
        "Acme; Co",
        "Acme (Beta)",
        'The "Best" Co',
        "Müller & Söhne",
        "Dr. Who",
        "株式会社",
    ],
)
def test_fault_09_a_brand_of_any_signs_is_a_sender(tmp_path: Path, name: str) -> None:
    with fresh_settings(
        tmp_path, BASE_URL="http://auth.example.com", BRAND_NAME=name, EMAIL_HOST="smtp.example.com", BIND="127.0.0.1"
    ) as its:
        sender = its.DEFAULT_FROM_EMAIL
    message = EmailMessage("subject", "text", from_email=sender, to=["ada@example.com"]).message()
    [address] = headers.header_factory("From", str(message["From"])).addresses
    assert (address.display_name, address.addr_spec) == (name, "no-reply@auth.example.com")


@pytest.mark.parametrize(
    "text",
    [
        "Acme, Inc. <a@example.com>",
        "A@B <a@example.com>",
        "[ACME] <a@example.com>",
        "Foo: Bar <a@example.com>",
        "no-reply",
        "a@b@c",
        "a@example.com, b@example.com",
        "a@-x.example",
        "x <>",
    ],
)
def test_fault_09_a_sender_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(SystemExit, match=r"vestibule\.E037"), fresh_settings(tmp_path, DEFAULT_FROM_EMAIL=text):
        pass


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ('"Acme, Inc." <no-reply@example.com>', '"Acme, Inc." <no-reply@example.com>'),
        ("no-reply@bücher.example", "no-reply@xn--bcher-kva.example"),
        ("Dr. Who <who@example.com>", '"Dr. Who" <who@example.com>'),
    ],
)
def test_fault_09_senders(tmp_path: Path, text: str, sender: str) -> None:
    with fresh_settings(tmp_path, DEFAULT_FROM_EMAIL=text) as its:
        assert sender == its.DEFAULT_FROM_EMAIL


@pytest.mark.parametrize(
    ("given", "tls", "ssl"),
    [
        ({}, False, False),
        ({"EMAIL_PORT": "465"}, False, True),
        ({"EMAIL_USE_SSL": "on"}, False, True),
        ({"EMAIL_USE_TLS": "on"}, True, False),
        ({"EMAIL_PORT": "465", "EMAIL_USE_SSL": "off"}, False, False),
    ],
)
def test_fault_10_implicit_tls(tmp_path: Path, given: dict[str, str], tls: bool, ssl: bool) -> None:
    with fresh_settings(tmp_path, EMAIL_HOST="smtp.example.com", **given) as its:
        assert (tls, ssl) == (its.EMAIL_USE_TLS, its.EMAIL_USE_SSL)


@pytest.mark.parametrize(
    ("url", "base", "hosts", "domain"),
    [
        ("http://[fd00::5]:8000", "http://[fd00::5]:8000", "[fd00::5]", "[IPv6:fd00::5]"),
        ("http://192.168.1.5:8000/", "http://192.168.1.5:8000", "192.168.1.5", "[192.168.1.5]"),
        (
            "http://anmelden.bücher.example:8000",
            "http://anmelden.xn--bcher-kva.example:8000",
            "anmelden.xn--bcher-kva.example",
            "anmelden.xn--bcher-kva.example",
        ),
        ("https://Auth.Example.COM:443", "https://auth.example.com", "auth.example.com", "auth.example.com"),
    ],
)
def test_fault_14_one_reading_of_host_names(tmp_path: Path, url: str, base: str, hosts: str, domain: str) -> None:
    with fresh_settings(tmp_path, BASE_URL=url, EMAIL_HOST="smtp.example.com") as its:
        assert base == its.VESTIBULE["BASE_URL"]
        assert [base] == its.CSRF_TRUSTED_ORIGINS
        assert [hosts, "localhost", "127.0.0.1", "[::1]"] == its.ALLOWED_HOSTS  # and nobody else: M12
        assert domain == read_settings(its).mail_domain
        assert its.DEFAULT_FROM_EMAIL.endswith(f"<no-reply@{domain}>")
        assert f"no-reply@{domain}".isascii()


def test_m12_with_nothing_set_only_this_machine_is_answered(tmp_path: Path) -> None:
    with fresh_settings(tmp_path) as its:
        assert {"localhost", "127.0.0.1", "[::1]"} == set(its.ALLOWED_HOSTS)
        assert its.BIND == "127.0.0.1"


@pytest.mark.parametrize("text", ["::", "[::]", "::1", "[::1]", "0.0.0.0", "localhost"])
def test_fault_14_addresses_to_listen_on(text: str) -> None:
    assert value_types.parse_server_host(text) == text.strip("[]")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/auth",
        "https://a.example/x/",
        "https://a.example?x",
        "https://a.example#x",
        "https://u:p@a.example",
        "ftp://a.example",
        "https://",
        "https://a.example:x",
        "a.example",
        "https://a_b..example",
        "https:/a.example",
        "https://a.example\\x",
    ],
)
def test_fault_15_base_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UnreadableValue) as refused:
        value_types.parse_root_url(url)
    assert refused.value.remedy


def test_frontend_urls_may_have_a_path() -> None:
    assert value_types.parse_site_url("https://App.example/auth/") == "https://app.example/auth"
