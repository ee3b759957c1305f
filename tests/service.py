"""The service as its users run it: `vestibule serve` and its worker as processes, spoken to over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol, Self

from tests.servers import free_port, until

CODE = re.compile(r"\b(\d{8}|\d{6}|[2-9A-HJKMNP-Z]{5}(?:-[2-9A-HJKMNP-Z]{5}){3})\b")
_OURS = re.compile(
    r"^(TEST_|SECRET_KEY|DATABASE_URL|REDIS_URL|EMAIL_|SMS_|VAR_DIR|BASE_URL|ALLOWED_HOSTS|TRUSTED|DJANGO|STACK|WEB_"
    r"|PROMETHEUS|METRICS|OTEL)"
)


_MIGRATED: list[bytes] = []


class Process(Protocol):
    """A command that runs: what tests use of `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Of the process, which leads a session of its own."""

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it ended."""

    def terminate(self) -> None:
        """Send SIGTERM."""


class Begin(Protocol):
    """A way to begin a command: with arguments, environment, standard output and error, and folder."""

    def __call__(
        self, words: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes], folder: Path
    ) -> Process: ...


def begin_alone(
    words: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes], folder: Path
) -> Process:
    """Begin `vestibule …` as people do."""
    argv = [sys.executable, "-m", "vestibule", *words]
    return subprocess.Popen(argv, env=environment, stdout=stdout, stderr=stderr, cwd=folder, start_new_session=True)


def run_command(
    words: Sequence[str], environment: Mapping[str, str], folder: Path | None = None, *, begin: Begin = begin_alone
) -> subprocess.CompletedProcess[str]:
    """Run `vestibule …` to its end: its status and what it printed."""
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        status = begin(words, environment, stdout, stderr, folder or Path.cwd()).wait()
        printed = [(file.seek(0), file.read().decode())[1] for file in (stdout, stderr)]
    return subprocess.CompletedProcess(words, status, *printed)


class Site:
    """What answers HTTP at `url`."""

    url: str

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self.get("/health/live")[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def post(self, path: str, body: Any, timeout: float = 10) -> tuple[int, dict[str, Any]]:
        """POST JSON; status and parsed answer."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        return self._send(request, timeout)

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """GET JSON; status and parsed answer."""
        return self._send(urllib.request.Request(self.url + path, headers={"Accept": "application/json"}), 10)

    def code_for(self, address: str) -> str:
        """The newest code that the mailbox holds for this address, waited for."""
        found: list[str] = []

        def arrived() -> bool:
            _, mailbox = self.get(f"/dev/mailbox/?to={address.replace('+', '%2B')}")
            texts = [CODE.search(letter["text"]) for letter in mailbox["messages"]]
            found[:] = [match[1] for match in texts if match]
            return bool(found)

        until(arrived, f"a code for {address}")
        return found[0]

    def _send(self, request: urllib.request.Request, timeout: float) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            body = refused.read()
            return refused.code, json.loads(body) if "json" in refused.headers["Content-Type"] else {}


class Service(Site):
    """One deployment in `folder`: embedded, unless `environment` says otherwise. At the `host` localhost a browser has
    passkeys, which an IP address has not. `begin` begins its commands: by themselves, unless tests set another way."""

    begin: Begin = staticmethod(begin_alone)

    def __init__(self, folder: Path, host: str = "127.0.0.1", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://{environment.get('BIND', host)}:{self.port}"
        self.folder = folder
        self._environment = {name: value for name, value in os.environ.items() if not _OURS.match(name)} | {
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            "BASE_URL": self.url,
            "RATE_LIMITS": "off",
            **environment,
        }
        self._processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        self._migrate()
        self.start("serve")
        until(self.answers, "the service")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """SIGKILL to whatever runs."""
        for name in list(self._processes):
            self.kill(name)

    def _migrate(self) -> None:
        """Once for all embedded deployments of this test process: the others begin with a copy of its database."""
        if "DATABASE_URL" in self._environment:
            self.run("migrate")
            return
        database = self.folder / "vestibule.sqlite3"
        if not _MIGRATED:
            self.run("migrate")
            _MIGRATED.append(database.read_bytes())
        database.write_bytes(_MIGRATED[0])

    def run(self, *command: str) -> None:
        """One command, to its end."""
        done = self.told(*command)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")

    def told(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end, in an environment of its own: its status and what it printed."""
        return run_command(command, self._environment | environment, begin=self.begin)

    def start(self, *command: str) -> Process:
        """A command that stays; its output goes to `<folder>/<command>.log`."""
        with (self.folder / f"{command[0]}.log").open("ab") as output:
            process = self.begin(command, self._environment, output, output, Path.cwd())
        self._processes[command[0]] = process
        return process

    def process(self, name: str) -> Process:
        """A command that was started."""
        return self._processes[name]

    def kill(self, name: str) -> None:
        """SIGKILL to the command and all its children."""
        process = self._processes.pop(name)
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask_to_stop(self, name: str) -> Process:
        """SIGTERM to the command, as an init system or a container engine sends it."""
        process = self._processes.pop(name)
        process.terminate()
        return process

    def log(self, name: str) -> str:
        """What the command has printed."""
        return (self.folder / f"{name}.log").read_text()
