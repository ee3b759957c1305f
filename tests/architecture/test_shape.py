"""The shape of the house: small modules, small functions, admitted endpoints, migrations in step."""

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture.test_docs import ROOT, first_column
from tests.configured import configured
from tests.surfaces import read_surfaces
from vestibule.kernel.client import Client
from vestibule.service import checks
from vestibule.web import edge
from vestibule.web.api.view import ApiView

SOURCE = Path(__file__).parents[2] / "src/vestibule"
MODULES = [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts]


def test_modules_are_small_and_open_with_a_sentence() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert max(lengths.values()) <= 300, max(lengths, key=lambda path: lengths[path])
    assert median(lengths.values()) <= 100
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_functions_are_small() -> None:
    functions = [
        node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]
    assert median(functions) <= 8


def test_every_exemption_from_a_rule_of_ruff_is_needed() -> None:
    exemptions = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--exit-zero", "--output-format=json"]
    done = subprocess.run([*ruff, "--config", "lint.per-file-ignores={}"], cwd=ROOT, capture_output=True, check=True)
    broken = {(Path(each["filename"]).relative_to(ROOT).as_posix(), each["code"]) for each in json.loads(done.stdout)}
    assert [
        (pattern, rule)
        for pattern, rules in exemptions.items()
        for rule in rules
        if not any(fnmatch(path, pattern) and code.startswith(rule) for path, code in broken)
    ] == []


def endpoints(resolver: URLResolver | None = None, prefix: str = "") -> dict[str, Any]:
    """Every path and its view."""
    found: dict[str, Any] = {}
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found[path] = pattern.callback
        else:
            found |= endpoints(pattern, path)
    return found


def test_no_view_of_the_api_declares_what_nobody_asks() -> None:
    """DRF's permissions, throttles and versions: `ApiView.initial` asks for none, because `admit` says who may."""
    views = {view.cls for view in endpoints().values() if issubclass(getattr(view, "cls", object), ApiView)}
    assert len(views) > 50
    unasked = {"permission_classes", "throttle_classes", "versioning_class", "perform_authentication"}
    unasked |= {f"{verb}_{what}" for verb in ("get", "check") for what in ("permissions", "throttles")}
    declared = {(view, kind) for view in views for kind in view.__mro__[: view.__mro__.index(ApiView)]}
    assert not {(view, name) for view, kind in declared for name in unasked & vars(kind).keys()}


def test_every_path_is_in_the_table_of_surfaces() -> None:
    """Who may call it, and what it costs a stranger, is decided with it (tests/attacks/test_web_surfaces.py)."""
    assert {f"/{path}" for path in endpoints()} == first_column("surfaces.md")
    assert read_surfaces().keys() == first_column("surfaces.md")


def test_every_path_declares_its_step_up_and_whether_it_is_open_before_an_enrolment() -> None:
    """That it does so is tried in tests/attacks/test_second_factors_policy.py."""
    assert [path for path, row in read_surfaces().items() if not row.is_declared] == []


def test_every_endpoint_of_the_api_admits() -> None:
    api = {path: view for path, view in endpoints().items() if path.startswith(("api/auth/", "api/admin/"))}
    assert api
    for path, view in api.items():
        for method in ("get", "post", "put", "patch", "delete"):
            if handler := getattr(view.cls, method, None):
                source = inspect.getsource(handler)
                assert "self.admit(" in source or "self.admit_bearer()" in source, path
        assert issubclass(view.cls, ApiView)


def test_no_view_reaches_into_a_request_of_the_framework() -> None:
    assert [path.name for path in MODULES if re.search(r"\w\._request\b", path.read_text())] == []


def test_only_the_edge_and_the_house_make_clients() -> None:
    makers = {
        str(path.relative_to(SOURCE)) for path in MODULES if re.search(r"\bClient(\.for_system)?\(", path.read_text())
    }
    commands = {
        f"service/cli/management/commands/{name}.py"
        for name in (
            *("apply_applications", "create_admin", "create_application"),
            *("lift_silence", "rotate_keys", "set_role"),
        )
    }
    of_house = {
        "courier/delivery.py",
        "flows/account/personal_data.py",
        "flows/recovery/factor_reset.py",
        "flows/social_events.py",
        "flows/staff/support.py",
        "service/worker/schedule.py",
    }
    assert makers == commands | of_house | {"web/edge.py", "service/ops/feedback.py"}
    assert inspect.signature(edge.admit).return_annotation is Client


def test_randomness_comes_from_one_module() -> None:
    """Ruff can't ban single names in web, where `django.http` is allowed; this can."""
    for path in MODULES:
        text = path.read_text()
        if path.name != "entropy.py":
            assert "import secrets" not in text
            assert "import random" not in text
        if path.parent.name != "settings" and path.name != "boot.py":
            assert "os.environ" not in text, path


@pytest.mark.django_db
def test_migrations_are_in_step() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_no_migration_goes_through_pgbouncer() -> None:
    with configured(DATABASE_POOLED=True), pytest.raises(CommandError, match="PostgreSQL itself"):
        call_command("migrate", stdout=StringIO())


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, set()),
        (
            {"WEB_PROCESSES": 2, "REDIS_URL": "", "CELERY_BROKER_URL": "", "CHALLENGE_STORE": "database"},
            {"E001", "E002"},
        ),
        ({"WEB_MAX_REQUESTS": 1000, "REDIS_URL": "", "CHALLENGE_STORE": "database"}, {"E016"}),
        ({"CELERY_BROKER_URL": "redis+cluster://redis:6379"}, {"E017"}),
        ({"CHALLENGE_STORE": "redis", "REDIS_URL": ""}, {"E004"}),
        ({"SECRET_KEY": "short"}, {"E005"}),
        ({"DATABASE_URL": "postgres://db/vestibule", "SECRET_KEY_GIVEN": False}, {"E012"}),
        ({"DEBUG": True, "BASE_URL": "https://testserver", "MAILBOX": False}, {"E009"}),
        ({"LANGUAGE_CODE": "de", "LANGUAGES": [("en", "English")]}, {"E045"}),
        ({"BASE_URL": "https://testserver", "MAILBOX": True}, {"E011"}),
        ({"BASE_URL": "http://auth.example.com", "MAILBOX": True}, {"E011"}),
        ({"BIND": "0.0.0.0", "MAILBOX": True}, {"E018"}),
        ({"EMAIL_USE_SSL": True, "EMAIL_USE_TLS": True}, {"E019"}),
        ({"SMS_GATEWAY": "gateway.send", "SMS_COUNTRIES": []}, {"E014"}),
        ({"SMS_BACKEND": "twilio", "TWILIO_ACCOUNT_SID": "AC1"}, {"E015"}),
        ({"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SITE_KEY": "1x"}, {"E021"}),
        ({"SOCIAL": {"google": {"client_id": "1"}}}, {"E025"}),
        ({"OAUTH_REGISTRATION": "token", "OAUTH_REGISTRATION_TOKEN": "x" * 31}, {"E026"}),
    ],
)
def test_contradictions_stop_the_start(changes: dict[str, Any], ids: set[str]) -> None:
    with configured(**changes):
        errors = checks.check_contradictions()
    assert {error.id for error in errors} == {f"vestibule.{id}" for id in ids}
    assert all(error.hint for error in errors)
