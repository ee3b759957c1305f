"""The command line is ours: what people mistype, ask of it, or run at the wrong moment gets a sentence."""

import argparse
import os
import re
import socket
import subprocess
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import find_commands, load_command_class
from django.core.management.base import CommandError

from tests.architecture.test_docs import ROOT
from tests.configured import configured
from tests.service import Service, run_command
from vestibule.service.cli import execution
from vestibule.service.cli.management.commands import serve

OURS = find_commands(str(ROOT / "src/vestibule/service/cli/management"))
DJANGOS = {"--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"}
DJANGOS |= {"--skip-checks"}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_command(words, {"PATH": os.environ["PATH"], "VAR_DIR": str(folder)}, begin=Service.begin)


@pytest.mark.parametrize("name", OURS)
def test_the_help_of_a_command_shows_its_own_options_and_says_what_each_is(name: str) -> None:
    command = load_command_class("vestibule.service.cli", name)
    parser = command.create_parser("/venv/bin/__main__.py", name)
    told = parser.format_help()
    assert told.startswith(f"usage: vestibule {name.replace('_', '-')} ")
    assert command.help
    if name == "doctor":  # has one of its own by this name
        assert "print each setting" in told
        told = told.replace("--settings", "")
    assert not [option for option in DJANGOS if option in told]
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    assert not [action.dest for action in shown if not (action.help or action.choices)]
    assert command.get_version() == version("vestibule")


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        ("create-admin ada@example.com", "create_admin ada@example.com"),
        ("create_admin ada@example.com", "create_admin ada@example.com"),
        ("help serve", "serve --help"),
        ("django", "help"),
        ("django migrate --plan", "migrate --plan"),
        ("django shell", "shell"),
    ],
)
def test_a_command_is_ours_or_behind_django(typed: str, runs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execution.resolve_command(typed.split()) == runs.split()
    assert not capsys.readouterr().err


def test_a_command_of_django_by_its_name_alone_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert execution.resolve_command(["showmigrations", "--plan"]) == ["showmigrations", "--plan"]
    assert "`vestibule django showmigrations` runs it" in capsys.readouterr().err


def test_a_command_of_another_app_is_found_before_anything_read_the_settings(tmp_path: Path) -> None:
    done = run(tmp_path, "spectacular", "--help")
    assert done.returncode == 0, done.stderr
    assert "`vestibule django spectacular` runs it" in done.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("create-admni ada@example.com", "Did you mean `create-admin`?"),
        ("frobnicate", "`vestibule --help` lists all"),
        ("--port 9000", "no command `--port`"),
        ("createsuperuser", "`vestibule create-admin ADDRESS`"),
        ("django createsuperuser --noinput", "`vestibule create-admin ADDRESS`"),
        ("django changepassword ada", "by the reset"),
    ],
)
def test_what_is_no_command_here_is_said_in_a_sentence(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        execution.resolve_command(typed.split())
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_an_error_that_no_command_foresaw_is_a_line_and_not_a_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "create-admin", "ada@example.com")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("vestibule: OperationalError: ")
    assert "`vestibule doctor`" in done.stderr
    assert "Traceback" in run(tmp_path, "create-admin", "ada@example.com", "--traceback").stderr


def test_a_developer_hears_at_once_that_the_port_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            configured(BIND="127.0.0.1", PORT=port),
            pytest.raises(CommandError, match=f"in use. Another port: PORT={port + 1} vestibule serve"),
        ):
            serve.require_free_port()


def test_serve_tells_a_developer_what_to_do_next_and_an_operator_only_where_it_is() -> None:
    told = {}
    for mailbox in (True, False):
        output = StringIO()
        with configured(MAILBOX=mailbox):
            serve.Command(stdout=output).print_addresses()
        told[mailbox] = output.getvalue()
    for words in ("/register/", "/api/docs", version("vestibule")):
        assert words in told[True]
        assert words in told[False]
    for words in ("/dev/mailbox/", "/admin/", "Pages of localhost", "a hundred times", "create-admin", "EMAIL_HOST"):
        assert words in told[True]
        assert words not in told[False]


UNTIL_TOLD = ["sh", "-c", "until grep -q Installing told; do sleep 0.05; done"]


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [(["true"], 0, ""), (["false"], 1, ""), (UNTIL_TOLD, 0, "Installing …\nInstalling: done in 1 s\n")],
)
def test_an_installation_that_takes_a_while_says_so(tmp_path: Path, command: list[str], status: int, told: str) -> None:
    script = str(ROOT / "scripts/with_progress.sh")
    with (tmp_path / "told").open("w") as output:
        done = subprocess.run([script, "Installing", *command], cwd=tmp_path, stderr=output, check=False)
    assert done.returncode == status
    assert re.sub(r"\d+ s", "1 s", (tmp_path / "told").read_text()) == told
