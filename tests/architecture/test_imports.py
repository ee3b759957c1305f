"""What a command does not use it does not import: each import is CPU at every start, and memory of every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Tags
from django.core.management import find_commands, load_command_class

from tests.architecture.test_docs import ROOT

# The command as `vestibule` runs it, then how often garbage was looked for, and the names of all that was imported,
# what Celery imports before it works included.
PROBE = """
import atexit, gc, sys
def tell():
    sys.stdout.write(f"\\nCOLLECTED {looks[0]}\\nIMPORTED " + " ".join(sys.modules))
atexit.register(tell)
from vestibule.service.cli.main import main
looks = [0]
gc.callbacks.append(lambda phase, info: looks.__setitem__(0, looks[0] + (phase == "start")))
try:
    main()
finally:
    if "worker" in sys.argv:
        from vestibule.service.celery import app
        app.loader.import_default_modules()
"""
WEB = {"vestibule.service.urls", "vestibule.web.api.urls", "vestibule.web.pages.urls", "vestibule.web.admin.site"}
WEB |= {"vestibule.web.middleware", "rest_framework.views", "drf_spectacular.openapi", "gunicorn"}
WEB |= {"unfold.admin", "psycopg"}  # unfold brings it along
WORK = {
    "celery.app",
    "vestibule.service.celery",
    "vestibule.flows",
    "prometheus_client",
    "argon2",
    "altcha",
    "jwt",
    "kombu",
    "vestibule.kernel.http_client",
}
ALL = {"vestibule.service.settings", "django.db.models", "django.http", "structlog", "limits"}
TOLD_AT_ONCE = WEB | WORK | ALL | {"django", "vestibule.service.cli.execution"}  # what a command says of itself
LEAVES: dict[tuple[str, ...], set[str]] = {
    ("--version",): TOLD_AT_ONCE,
    ("--help",): TOLD_AT_ONCE,
    ("migrate", "--plan"): WEB | WORK,
    ("create-admin", "nobody"): WEB | {"celery.beat", "kombu"},
    ("beat",): WEB
    | {"vestibule.flows", "vestibule.kernel.http_client", "prometheus_client", "argon2", "altcha", "jwt"},
    ("worker",): WEB | {"celery.beat"},
    ("doctor", "--settings"): {"vestibule.service.urls", "gunicorn"},
    ("check",): {"gunicorn", "celery.beat"},  # all of the service, as `serve` has it
}
UNUSED = {"redis", "opentelemetry"}  # what nobody imports where nothing is set, as here
UNUSED |= {"ua_parser", "PIL", "segno", "webauthn"}  # nor before the first person signs in by a page, has a picture, …
MOST_COLLECTIONS = 3  # of what is made after the start; each look at what is loaded would cost it up to 40 ms
SERVES = {"serve"}  # imports all of the service, and so has all of it checked
CHECKS = {"doctor"}  # whose findings they are


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_a_command_imports_only_what_it_uses(command: tuple[str, ...], tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    run = [sys.executable, "-c", PROBE, *command]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    imported = set(done.stdout.rpartition("IMPORTED ")[2].split())
    assert "vestibule.service.cli.main" in imported
    extra = imported & (LEAVES[command] | UNUSED)
    assert not extra, extra
    looked = int(done.stdout.rpartition("COLLECTED ")[2].split()[0])
    if command != ("check",):  # Django's own, which begins before it has loaded all of the service
        assert looked <= MOST_COLLECTIONS, "the garbage collector looks at what is being loaded"


def test_every_command_says_what_is_checked_before_it() -> None:
    """Where nothing is said, Django checks paths and admin too, and imports the whole service to do so."""
    commands = set(find_commands(str(ROOT / "src/vestibule/service/cli/management"))) - SERVES - CHECKS
    asked = {name: load_command_class("vestibule.service.cli", name).requires_system_checks for name in commands}
    assert asked == dict.fromkeys(commands, (Tags.security,))
    assert load_command_class("vestibule.service.cli", "serve").requires_system_checks == "__all__"


def test_help_names_each_of_our_commands_with_what_it_does(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "vestibule"]
    done = subprocess.run(run, env={"VAR_DIR": str(tmp_path), "PORT": "no"}, capture_output=True, text=True, check=True)
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line.startswith("  "))
    ours = {name.replace("_", "-") for name in find_commands(str(ROOT / "src/vestibule/service/cli/management"))}
    assert set(told) == ours
    assert "deliver messages" in told["worker"]
    assert next(iter(told)) == "serve"
    assert not {"runserver", "createsuperuser", "shell"} & set(done.stdout.split())
