"""HOL-19, 27, 35: what is reachable is looked at whatever the scheme; files are ours alone; images are current."""

import re
from pathlib import Path

import pytest

from tests.configured import configured
from tests.fresh import fresh_settings
from vestibule.service import checks
from vestibule.service.settings import contradictions

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
        assert {each.id for each in contradictions.find_errors(its)} == ids


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
        ({"RETURN_URLS": "https://app.example.com, http://shop.example.com"}, {"W007"}),
        ({"RETURN_URLS": "http://192.168.1.5:3000"}, {"W007"}),
        ({"FRONTEND_URL": "http://app.internal"}, {"W007"}),
        ({"RETURN_URLS": "http://localhost:5173, http://127.0.0.1:3000, http://[::1], https://a.example.com"}, set()),
    ],
)
def test_hol_19_what_travels_in_clear_is_said(tmp_path: Path, environment: dict[str, str], ids: set[str]) -> None:
    with fresh_settings(tmp_path, **environment) as its:
        assert {each.id for each in contradictions.find_doubts(its)} == ids


@pytest.mark.parametrize(("name", "other"), [("EMAIL_BACKEND", "no.such.Backend"), ("SMS_GATEWAY", "os.no_such_name")])
def test_hol_19_a_transport_that_is_none_is_found_out_at_the_start(name: str, other: str) -> None:
    assert not checks.check_dotted_paths()
    with configured(**{name: other}):
        assert [each.id for each in checks.check_dotted_paths()] == ["vestibule.E024"]


ROOT = Path(__file__).parents[2]
SECURE = {"postgres": (18, 6), "redis": (8, 10), "caddy": (2, 11), "axllent/mailpit": (1, 34), "python": (3, 13)}
SERIES = {"redis", "caddy", "python"}  # where a tag follows the patch releases of a series, it is the one to name


def test_hol_35_images_are_at_their_security_releases() -> None:
    named = (ROOT / "compose.yaml").read_text() + (ROOT / "Dockerfile").read_text()
    found = re.findall(r"^(?: +image:|FROM) ([\w/]+):v?(\d+)\.(\d+)(\.\d+)?", named, re.MULTILINE)
    images = {name: ((int(major), int(minor)), patch) for name, major, minor, patch in found if name != "vestibule"}
    assert images.keys() == SECURE.keys()
    assert all(version >= SECURE[name] for name, (version, _) in images.items())
    assert not [name for name in SERIES if images[name][1]]


def test_hol_35_one_version_of_uv() -> None:
    [version] = re.findall(r'VERSION = "(.+)"', (ROOT / "scripts/get_uv.py").read_text())
    assert f"uv=={version} " in (ROOT / "Dockerfile").read_text().replace("\n", " ")
