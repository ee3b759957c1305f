"""HOL-19, 27, 35: what is reachable is looked at whatever the scheme; files are ours alone; images are current."""

from pathlib import Path

import pytest

from tests.fresh import fresh_settings
from vestibule.settings import contradictions

MAIL = {"EMAIL_HOST": "smtp.example.com", "DEFAULT_FROM_EMAIL": "no-reply@example.com"}


@pytest.mark.parametrize(
    ("environment", "ids"),
    [
        ({}, set()),
        ({"DEBUG": "on"}, set()),
        ({"DEBUG": "on", "BASE_URL": "http://dev.localhost:8000"}, set()),
        ({"DEBUG": "on", "BASE_URL": "http://192.168.1.5:8000"}, {"E009"}),
        ({"DEBUG": "on", "BASE_URL": "http://intranet"}, {"E009"}),
        ({"DEBUG": "on", "BASE_URL": "http://auth.example.com", **MAIL}, {"E009"}),
        ({"DEBUG": "on", "BASE_URL": "https://auth.example.com", **MAIL}, {"E009"}),
        ({"BIND": "0.0.0.0"}, {"E018"}),
        ({"BIND": "::"}, {"E018"}),
        ({"BIND": "192.168.1.5"}, {"E018"}),
        ({"BIND": "::1"}, set()),
        ({"BIND": "0.0.0.0", "MAILBOX_PUBLIC": "on"}, set()),
        ({"BIND": "0.0.0.0", **MAIL}, set()),
        ({"BASE_URL": "http://auth.example.com"}, {"E011"}),
        ({"BASE_URL": "http://auth.example.com", "MAILBOX_PUBLIC": "on"}, {"E011"}),
        ({"BASE_URL": "https://auth.example.com"}, {"E011"}),
        ({"BASE_URL": "http://93.184.216.34"}, {"E011"}),
        ({"BASE_URL": "http://192.168.1.5:8000"}, set()),
    ],
)
def test_hol_19_what_is_reachable_is_looked_at_whatever_the_scheme(
    tmp_path: Path, environment: dict[str, str], ids: set[str]
) -> None:
    with fresh_settings(tmp_path, **environment) as its:
        assert {each.id for each in contradictions.errors(its)} == ids


@pytest.mark.parametrize(
    ("environment", "ids"),
    [
        ({}, set()),
        ({"BASE_URL": "http://auth.example.com", **MAIL}, {"W002"}),
        ({"BASE_URL": "http://auth.internal", **MAIL}, set()),
        ({"BASE_URL": "https://auth.example.com", "TRUSTED_PROXIES": "10.0.0.0/8", **MAIL}, set()),
        ({"REDIS_URL": "redis://:p@redis:6379/0"}, {"W003"}),
        ({"REDIS_URL": "redis+sentinel://127.0.0.1,b/main/0"}, {"W003"}),
        ({"REDIS_URL": "rediss://:p@redis:6379/0"}, set()),
        ({"REDIS_URL": "redis://127.0.0.1/0"}, set()),
        ({"REDIS_URL": "unix:///run/redis.sock"}, set()),
        ({"DATABASE_URL": "postgres://u:p@db/n"}, {"W003"}),
        ({"DATABASE_URL": "postgres://u:p@db/n?sslmode=prefer"}, {"W003"}),
        ({"DATABASE_URL": "postgres://u:p@db/n?sslmode=require"}, set()),
        ({"DATABASE_URL": "postgres:///n?host=/var/run/postgresql"}, set()),
        ({"EMAIL_HOST": "smtp.example.com"}, {"W004"}),
        ({"EMAIL_HOST": "smtp.example.com", "BASE_URL": "http://192.168.1.5"}, {"W004"}),
        ({"RATE_LOGINS": "1/day"}, {"W006"}),
    ],
)
def test_hol_19_what_travels_in_clear_is_said(tmp_path: Path, environment: dict[str, str], ids: set[str]) -> None:
    with fresh_settings(tmp_path, **environment) as its:
        assert {each.id for each in contradictions.doubts(its)} == ids
