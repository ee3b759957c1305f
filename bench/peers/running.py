"""A peer as it runs: its environment, its project, its processes, and what they cost."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import django

from bench.load import Ran, run
from bench.peers.peers import BetterAuth, Ours, Peer, Person
from bench.stage import await_outbox, cpu_of_trees
from tests.servers import Postgres, Redis, free_port, until
from tests.service import Service

HERE = Path(__file__).parent
ENVIRONMENTS = Path(tempfile.gettempdir()) / "vestibule-peers"
SHARED = (f"django=={django.__version__}", "argon2-cffi==25.1.0", "psycopg[binary]==3.3.9", "gunicorn==27.0.1")


@dataclass(kw_only=True)
class Running:
    """One of them, up. `roots` are its processes and the stores that it shares with the others."""

    peer: Peer
    port: int
    roots: dict[str, int]
    database_url: str
    people: list[Person] = field(default_factory=list)

    def play(self, operation: str, concurrency: int, times: int = 1) -> tuple[Ran, dict[str, float]]:
        """One operation so many times for all its people: what was answered, and the CPU seconds of each part."""
        asks = [replace(ask, note=person.email) for person in self.people if (ask := self.peer.ask(operation, person))]
        before = cpu_of_trees(self.roots)
        ran = run(self.port, asks * times, concurrency)
        if isinstance(self.peer, Ours) and operation == "sign-up":  # no other mails anything here
            await_outbox(self.database_url)
        after = cpu_of_trees(self.roots)
        return ran, {part: after[part] - before[part] for part in after}


def python_of(peer: Peer) -> Path:
    """The interpreter of its environment: ours, with the pinned packages of the peer, made once in the temp folder."""
    place = ENVIRONMENTS / f"{peer.settings}-{django.__version__}"
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, place], check=True)
    wanted = [*SHARED, *peer.requirements]
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *wanted], check=True)
    return python


@contextmanager
def running(peer: Peer, folder: Path, postgres: Postgres, redis: Redis, mail_port: int) -> Iterator[Running]:
    """A peer with a database of its own in this PostgreSQL."""
    name = peer.name.replace(" ", "_")
    url = postgres.create(name)
    (place := folder / name).mkdir()
    if isinstance(peer, Ours):
        shape = {"DATABASE_URL": url, "REDIS_URL": redis.url(), "WEB_PROCESSES": "2", "EMAIL_HOST": "127.0.0.1"}
        shape |= {"EMAIL_PORT": str(mail_port), "SECRET_KEY": "a secret key for one measurement on one machine"}
        with Service(place, **shape) as service:
            service.start("worker")
            ours = {"web": service.process("serve").pid, "worker": service.process("worker").pid}
            stores = {"postgres": postgres.pid, "redis": redis.pid}
            yield Running(peer=peer, port=service.port, roots=ours | stores, database_url=url)
        return
    if isinstance(peer, BetterAuth):
        with running_on_node(peer, url, postgres, mail_port) as service:
            yield service
        return
    python, port = python_of(peer), free_port()
    for file, wanted in (("startproject.py", "startproject"), ("settings.py", peer.settings)):
        (place / file).write_text((HERE / f"{wanted}.txt").read_text())
    (place / "urls.py").write_text((HERE / f"{peer.settings}_urls.txt").read_text())
    environment = {"PGPORT": url.rsplit(":", 1)[1].split("/")[0], "PGDATABASE": name, "EMAIL_PORT": str(mail_port)}
    environment |= {"DJANGO_SETTINGS_MODULE": "settings", "PATH": os.environ["PATH"], **peer.environment}
    subprocess.run([python, "-m", "django", "migrate", "--verbosity=0"], cwd=place, env=environment, check=True)
    server = f"gunicorn --bind 127.0.0.1:{port} --workers 2 --worker-class gthread --threads 12 --keep-alive 5"
    command = [str(python), "-m", *server.split(), "django.core.wsgi:get_wsgi_application()"]
    with serving(peer, command, place, environment, port) as process:
        yield Running(peer=peer, port=port, roots={"web": process.pid, "postgres": postgres.pid}, database_url=url)


@contextmanager
def running_on_node(peer: Peer, url: str, postgres: Postgres, mail_port: int) -> Iterator[Running]:
    """better-auth, whose packages npm puts into the temp folder once."""
    place, port = ENVIRONMENTS / "better-auth", free_port()
    shutil.copytree(HERE / "better_auth", place, dirs_exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=place, check=True)
    environment = {"DATABASE_URL": url, "PORT": str(port), "EMAIL_PORT": str(mail_port), "PATH": os.environ["PATH"]}
    environment |= {"NODE_ENV": "production"}
    subprocess.run(["node", "migrate.mjs"], cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)
    with serving(peer, ["node", "server.mjs"], place, environment, port) as process:
        yield Running(peer=peer, port=port, roots={"web": process.pid, "postgres": postgres.pid}, database_url=url)


@contextmanager
def serving(
    peer: Peer, command: Sequence[str], place: Path, environment: Mapping[str, str], port: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Its server, until it has answered, and until it is ended."""
    with (place / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: _answers(port), peer.name)
        yield process
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
