"""`vestibule doctor`: a good house has no finding, and each thing that is broken is one."""

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from tests.configured import configured
from tests.doctors import BREAKS, GOOD, redis_with, with_settings
from tests.environment import PRODUCTION
from tests.factors import enrol
from tests.servers import free_port
from tests.world import Smtp
from vestibule.accounts.models import User
from vestibule.limits import heartbeat
from vestibule.service.doctor import argon2_build
from vestibule.service.doctor.check import Check, DoctorRun, Level, Observation, report_error, report_fine
from vestibule.service.doctor.examination import is_healthy, run_checks
from vestibule.service.doctor.report import format_report
from vestibule.service.doctor.table import CHECKS

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd's advice

TABLE = {check.id: check for check in CHECKS}
OF_SERVERS = {"connections", "clock-database", "redis", "clock-redis", "pictures", "broker", "worker"} | {
    id for id in TABLE if id.startswith("redis-")
}
LOOKED_AT = [id for id in TABLE if PRODUCTION or id not in OF_SERVERS]
MACHINES = {"database", "hashing"}  # say what this machine is: SQLite, or slow
UNSHAKEABLE = {"argon2", "python"}  # say which, and find nothing wrong with any


@pytest.fixture(scope="module")
def mail_server() -> Iterator[tuple[Smtp, int]]:
    """An SMTP server that wants a login."""

    def authenticate(*asked: object) -> AuthResult:
        login = asked[-1]
        assert isinstance(login, LoginPassword)
        return AuthResult(handled=False, success=login.password == b"the right password")

    handler, port = Smtp(), free_port()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, auth_require_tls=False
    )
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def good_house(house: None, product_hashes: None, mail_server: tuple[Smtp, int]) -> Iterator[None]:
    """Everything as it should be; but no worker, which is a process of its own (tests/faults/test_doctor.py)."""
    heartbeat.record_sweeps(timezone.now())
    with configured(**GOOD, EMAIL_PORT=mail_server[1]):
        if PRODUCTION:
            with redis_with("save", "3600 1"):
                yield
        else:
            yield


def seen(id: str, mail_to: str = "") -> list[Observation]:
    """What one check sees now."""
    return [
        finding.observation for finding in run_checks([TABLE[id]], DoctorRun(at=timezone.now(), test_mail_to=mail_to))
    ]


@pytest.mark.parametrize("id", sorted({*LOOKED_AT} - {"worker"}))
def test_each_finding_is_provoked_once(good_house: None, id: str) -> None:
    to = "watch@example.com"
    fine = {Level.FINE, Level.WARNING} if id in MACHINES else {Level.FINE}
    assert {each.level for each in seen(id, to)} <= fine
    if id in UNSHAKEABLE:
        return
    with BREAKS[id]():
        findings = seen(id, to)
    assert {each.level for each in findings} & {Level.WARNING, Level.ERROR}
    assert "canary" not in repr(findings)


def test_every_check_can_be_broken() -> None:
    assert BREAKS.keys() == TABLE.keys() - UNSHAKEABLE - {"worker"}
    assert len(TABLE) == len(CHECKS)
    assert all(check.needs in {"", *TABLE} for check in CHECKS)


@pytest.mark.skipif(not PRODUCTION, reason="the embedded worker is a thread")
def test_no_worker_answers(good_house: None) -> None:
    assert [each.level for each in seen("worker")] == [Level.ERROR]


def test_a_test_mail_arrives(good_house: None, mail_server: tuple[Smtp, int]) -> None:
    mail_server[0].letters.clear()
    assert [each.level for each in seen("test-mail", "watch@example.com")] == [Level.FINE]
    assert b"To: watch@example.com" in mail_server[0].letters[0]
    assert [each.level for each in seen("test-mail")] == [Level.SKIPPED]


@pytest.mark.parametrize(
    ("id", "change"),
    [
        ("secret-key", {"SECRET_KEY": "ab" * 30}),
        ("proxies", {"TRUSTED_PROXIES": []}),
        ("https", {"FRONTEND_URL": "http://app.example.com"}),
        ("django", {"EMAIL_USE_SSL": True, "EMAIL_USE_TLS": True}),
        ("mail", {"MAILBOX": True}),
        ("mail", {"EMAIL_PORT": 9}),
        ("mail-sender", {"DEFAULT_FROM_EMAIL": "no-reply@127.0.0.1"}),
        ("rates", {"RATES": {**GOOD["RATES"], "login": ""}}),
        ("strangers", {"LINK_BINDING": False}),
        ("second-factors", {"MFA_REQUIRED_ROLES": ("admin",)}),
        ("passkeys", {"BASE_URL": "https://[2001:db8::7]"}),
    ],
)
def test_there_is_more_than_one_way_to_break_it(good_house: None, id: str, change: dict[str, object]) -> None:
    with with_settings(**change)():
        assert {each.level for each in seen(id)} & {Level.WARNING, Level.ERROR}


def test_staff_without_a_second_factor_are_counted(good_house: None) -> None:
    proved = {"status": "active", "email_verified_at": timezone.now()}
    boss = User.objects.create(email="boss@example.com", role="admin", **proved)
    User.objects.create(email="ada@example.com", role="user", **proved)
    [found] = seen("second-factors")
    assert (found.level, found.message) == (Level.WARNING, "1 of the admins and managers have no second factor")
    enrol(boss)
    assert [each.level for each in seen("second-factors")] == [Level.FINE]


def test_a_check_waits_for_what_it_needs() -> None:
    def check(id: str, seen: Observation, needs: str = "") -> Check:
        return Check(id=id, looks_at="", remedy="mend it", run=lambda _: [seen], needs=needs)

    def burst(_: DoctorRun) -> list[Observation]:
        raise RuntimeError("canary")

    table = [
        Check(id="a", looks_at="", remedy="mend it", run=burst),
        check("b", report_fine("never seen"), "a"),
        check("c", report_error("never seen"), "b"),
        check("d", report_fine("seen")),
    ]
    found = run_checks(table, DoctorRun(at=timezone.now()))
    levels = [finding.observation.level for finding in found]
    assert levels == [Level.ERROR, Level.SKIPPED, Level.SKIPPED, Level.FINE]
    assert [finding.remedy for finding in found] == ["mend it", "", "", ""]
    assert "canary" not in repr([finding.observation for finding in found])


def test_warnings_fail_only_where_it_is_strict(good_house: None) -> None:
    with with_settings(METRICS_TOKEN="")():
        found = run_checks([TABLE["metrics"]], DoctorRun(at=timezone.now()))
    assert is_healthy(found, strict=False)
    assert not is_healthy(found, strict=True)


def test_the_command_tells_people_and_machines_and_keeps_secrets(house: None) -> None:
    """The house of the tests, which is fit for no street."""
    secrets = {"EMAIL_HOST_PASSWORD": "canary-mail", "SECRET_KEY": "canary-key " * 4, "METRICS_TOKEN": "canary-token"}
    with configured(**secrets):
        for arguments in ([], ["--json"], ["--strict"]):
            output = StringIO()
            with pytest.raises(SystemExit) as left:
                call_command("doctor", *arguments, stdout=output)
            assert left.value.code == 1
            assert "canary" not in output.getvalue()
            if arguments == ["--json"]:
                told = json.loads(output.getvalue())
                assert not told["ok"]
                assert {row["id"] for row in told["findings"]} == TABLE.keys()
                assert all(row.get("remedy") for row in told["findings"] if row["level"] in ("warning", "error"))
            else:
                assert "→" in output.getvalue()
                assert max(map(len, output.getvalue().splitlines())) <= 110


def test_the_build_of_argon2_is_known() -> None:
    assert argon2_build.describe_build().startswith(("wheel build", "built here"))
    assert settings.PASSWORD_HASHERS[0] == "vestibule.accounts.passwords.Argon2"


def test_a_developer_s_machine_hears_of_https_once_and_that_all_of_it_may_wait(good_house: None) -> None:
    plain = {"SECURE_SSL_REDIRECT": False, "SECURE_HSTS_SECONDS": 0, "CSRF_COOKIE_SECURE": False}
    with configured(BASE_URL="http://localhost:8000", BIND="127.0.0.1", MAILBOX=True, **plain):
        found = run_checks([TABLE["https"], TABLE["django"]], DoctorRun(at=timezone.now()))
        report = format_report(found)
    assert [each.check.id for each in found if each.observation.level is not Level.FINE] == ["https"]
    assert "security.W" not in report
    assert report.endswith("all of it may wait until others come.")
    with configured(SECURE_SSL_REDIRECT=False):
        [told] = run_checks([TABLE["django"]], DoctorRun(at=timezone.now()))
    assert "no proxy is trusted" in told.observation.message
    assert "TRUSTED_PROXIES" in told.remedy
    assert "others come" not in format_report([told])
