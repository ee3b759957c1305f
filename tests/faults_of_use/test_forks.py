"""What the tests rely on: a command that their parent forks is told apart from one that runs alone by nothing but its
start."""

import os
from pathlib import Path

import pytest

from tests import forks
from tests.service import begin_alone, run_command


@pytest.mark.parametrize("words", ["--version", "nothing-of-that-name", "serve", "django shell -c print(1)"])
def test_a_forked_command_ends_and_says_as_one_that_runs_alone(tmp_path: Path, words: str) -> None:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": "var", "LOG_LEVEL": "trace" if words == "serve" else "INFO"}
    alone, forked = (
        run_command(words.split(" ", 3), environment, tmp_path, begin=begin) for begin in (begin_alone, forks.Command)
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_a_forked_command_leads_a_session_and_can_be_told_to_end(tmp_path: Path) -> None:
    words = ["django", "shell", "-c", "import time; print(flush=True); time.sleep(600)"]
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    with (tmp_path / "out").open("w+b") as output:
        command = forks.Command(words, environment, output, output, tmp_path)
        assert (os.getsid(command.pid), command.poll()) == (command.pid, None)
        command.terminate()
        assert command.wait(60) == -15
    assert command.poll() == -15
