"""`make bench-start`: what it costs to start each command, and the memory of what runs, idle and after load.

CPU is user and system time of all processes that a command has, to its end or, of `serve`, to the first answer: the
least of the rounds, because only others can add to it. Bytecode is compiled by the first round. Memory is PSS: what
processes share is counted once.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import sleep

from bench.load import run
from bench.scenarios import SCENARIOS, Town
from bench.stage import Stage, cpu_of_trees, stage
from tests.service import Service

ROUNDS = 4
COMMANDS = ("--version", "--help", "check", "doctor")
SETTLED = 5  # seconds after which whatever runs has nothing left to do
CONCURRENCY = 32


def main() -> None:
    """Measure, print."""
    for command in COMMANDS:
        tell(command, min(cost_of(command) for _ in range(ROUNDS)))
    tell("serve, in an empty folder", min(cost_of_first_start() for _ in range(ROUNDS)))
    tell("serve, in that folder again", min(cost_of_serving() for _ in range(ROUNDS)))
    with stage() as here:
        used = here.cpu()
        tell("serve, production, 2 processes", used["web"])
        sleep(SETTLED)
        tell("worker, until it waits", here.cpu()["worker"])
        sys.stdout.write(f"\nMB idle: {memory(here)}\n")
        sign_up = SCENARIOS[0]
        run(here.service.port, sign_up.asks(Town(here), sign_up.requests), CONCURRENCY)
        here.delivered()
        sys.stdout.write(f"MB after {CONCURRENCY} at once have signed up: {memory(here)}\n")


def cost_of(command: str) -> float:
    """CPU seconds of a command that ends."""
    with tempfile.TemporaryDirectory() as folder:
        began = os.times()
        subprocess.run([sys.executable, "-m", "vestibule", command], env=environment(folder), capture_output=True)
        ended = os.times()
    return ended.children_user + ended.children_system - began.children_user - began.children_system


def environment(folder: str) -> dict[str, str]:
    """Nothing set but where the files go, and that bytecode may be written."""
    return {"PATH": os.environ["PATH"], "VAR_DIR": folder}


class FirstStart(Service):
    """A service that finds no database."""

    def _migrate(self) -> None:
        """`serve` does."""


def cost_of_first_start() -> float:
    """CPU seconds of a server with nothing, until it answers."""
    with tempfile.TemporaryDirectory() as folder, FirstStart(Path(folder)) as service:
        return cpu_of_trees({"serve": service.process("serve").pid})["serve"]


def cost_of_serving() -> float:
    """CPU seconds of a server that has been here before, until it answers."""
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder)) as service:
        return cpu_of_trees({"serve": service.process("serve").pid})["serve"]


def memory(here: Stage) -> str:
    """What each part of ours holds."""
    return ", ".join(f"{part} {here.memory(part)}" for part in ("web", "worker"))


def tell(what: str, seconds: float) -> None:
    """Print a line."""
    sys.stdout.write(f"{what:32}{seconds:6.2f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
