"""What cannot be read stops every command, all of it at once; `.env` is read as people write it."""

import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from tests.fresh import fresh_settings
from tests.service import Service, run_command
from vestibule.conf import conf

TRACED = """
import django
django.setup()
from vestibule.kernel import spans
with spans.open_span("something"):
    pass
"""
COMMANDS = ("serve", "worker", "beat", "migrate", "doctor", "rotate-keys")
WRONG = {
    "ENUMERATION_PROTECTION": "enabled",
    "EMAIL_PORT": "x",
    "LOG_LEVEL": "trace",
    "TRUSTED_PROXIES": "proxy",
    "DATABASE_URL": "postgres://u:canary@h:x/n",
    "REDIS_URL": "127.0.0.1:6379",
    "SECRET_KEY": "canary",
}


def test_fault_02_every_command_is_stopped_by_all_findings_at_once(tmp_path: Path) -> None:
    for command in COMMANDS:
        done = run_command([command], {**WRONG, "PATH": "/usr/bin:/bin"}, tmp_path, begin=Service.begin)
        out, err = done.stdout, done.stderr
        assert (done.returncode, out) == (1, ""), command
        assert "Traceback" not in err
        assert "canary" not in err
        assert err.count("→") == len(WRONG)
        for name in WRONG:
            assert any(line.strip().startswith(name) and "(vestibule.E0" in line for line in err.splitlines()), name


def test_a_process_that_is_to_trace_starts_and_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRACED],
        cwd=tmp_path,
        env={"DJANGO_SETTINGS_MODULE": "vestibule.service.settings", "OTEL_TRACES_EXPORTER": "console"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"name": "something"' in done.stdout


def env_file(folder: Path, content: bytes) -> Path:
    (folder / ".env").write_bytes(content)
    return folder


def test_fault_05_a_file_as_an_editor_of_windows_saves_it(tmp_path: Path) -> None:
    content = (
        b"\xef\xbb\xbfSUPPORT_EMAIL=help@example.com # where help is\r\n"
        b"\r\n# a comment\r\n"
        b'ENUMERATION_PROTECTION="off" # keep\r\n'
        b"JWT_AUDIENCE = spaced\r\n"
        b"export BRAND_NAME='A # B'\r\n"
        b"EMAIL_HOST_PASSWORD=$ecret#pa=ss\\word${HOME}\r\n"
        b'METRICS_TOKEN="say \\"x\\""\r\n'
        b"PASSWORD_MIN_LENGTH=\r\n"
        b"TWILIO_FROM=from the file\r\n"
    )
    with fresh_settings(env_file(tmp_path, content), TWILIO_FROM="+15550100") as its:
        assert its.VESTIBULE["SUPPORT_EMAIL"] == "help@example.com"
        assert its.VESTIBULE["ENUMERATION_PROTECTION"] is False
        assert its.VESTIBULE["JWT_AUDIENCE"] == "spaced"
        assert its.VESTIBULE["BRAND_NAME"] == "A # B"
        assert its.EMAIL_HOST_PASSWORD == "$ecret#pa=ss\\word${HOME}"
        assert its.VESTIBULE["METRICS_TOKEN"] == 'say "x"'
        assert its.VESTIBULE["PASSWORD_MIN_LENGTH"] == 12
        assert its.VESTIBULE["TWILIO_FROM"] == "+15550100"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"BRAND_NAME=a\n\nJUST WORDS\n", "line 3"),
        (b"BRAND_NAME\n", "line 1"),
        (b'A=1\nBRAND_NAME="never closed\n', "line 2"),
        (b'BRAND_NAME="a" b\n', "line 1"),
        (b"=x\n", "line 1"),
        (b"BRAND_NAME=a\0b\n", "line 1"),
        (b"BRAND_NAME=\xff\n", "not UTF-8"),
    ],
)
def test_fault_05_a_line_that_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SystemExit) as stopped, fresh_settings(env_file(tmp_path, content)):
        pass
    assert "vestibule.E030" in str(stopped.value)
    assert words in str(stopped.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "METRICS_TOKEN", "EMAIL_HOST_PASSWORD", "CAPTCHA_SECRET_KEY"])
def test_fault_01_secrets_stay_whole(tmp_path: Path, name: str) -> None:
    secret = "$q*eo+c&2!)u9^tpd6f=0szxt6+th!j^#z9$1mh!kyen*36($t)"
    with fresh_settings(tmp_path, **{name: secret}) as its:
        assert {**vars(its), **its.VESTIBULE}[name] == secret


@pytest.mark.django_db
@pytest.mark.parametrize(("origin", "status"), [(conf.base_url, 200), ("http://evil.example", 403), ("null", 403)])
def test_fault_26_our_own_origin_is_trusted_whatever_the_proxy_passes_on(house: None, origin: str, status: int) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost:443"})
    page = browser.get("/login/")
    form = {"csrfmiddlewaretoken": page.cookies[settings.CSRF_COOKIE_NAME].value, "login": "", "password": ""}
    assert (browser.post("/login/", form, headers={"origin": origin}).status_code == 403) == (status == 403)


def test_the_doctor_prints_what_was_understood_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def canaries() -> Iterator[tuple[str, Any]]:
        for name, setting in settings.ENVIRONMENT.known.items():
            if setting.secret:
                yield name, ["canary"] if setting.kind == "list" else "redis://:can@ary?x@h:6379/0?password=canary"

    for name, value in canaries():
        monkeypatch.setitem(settings.ENVIRONMENT.values, name, value)
    output = StringIO()
    call_command("doctor", only_settings=True, stdout=output)
    told = output.getvalue()
    assert not {"can@", "ary", "canary"} & set(told.replace("?", " ").split())
    assert "canary" not in told
    assert "redis://•••@h:6379/0" in told
    assert {line.split()[0] for line in told.splitlines()} == settings.ENVIRONMENT.known.keys()
