"""The environment of a test run, set before Django reads it: `STACK=production` for PostgreSQL, Redis and SMTP.

The first process starts the servers and hands their addresses to the workers of pytest-xdist through the environment.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.servers import Postgres, Redis, free_port

PRODUCTION = os.environ.get("STACK") == "production"
_ROOM = 2 * 1024**3  # bytes
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


def _memory() -> str | None:
    """A folder in memory, where there is room: what a run keeps is thrown away, and files cost it a fifth more."""
    shared = Path("/dev/shm")  # Linux
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > _ROOM else None


def _start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="vestibule-test-", dir=_memory()))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["TEST_FOLDER"] = str(folder)
    if PRODUCTION:
        postgres, redis = Postgres(folder / "pg"), Redis(folder / "redis")
        for server in (postgres, redis):
            server.start()
            atexit.register(server.stop)
        os.environ["TEST_DATABASE_URL"] = postgres.create("vestibule")
        os.environ["TEST_REDIS_URL"] = redis.url().removesuffix("/0")


def _configure() -> None:
    folder = Path(os.environ["TEST_FOLDER"]) / WORKER
    os.environ.update(
        DJANGO_SETTINGS_MODULE="vestibule.service.settings",
        VAR_DIR=str(folder),
        BASE_URL="http://testserver",
        ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
        TRUSTED_PROXIES="10.0.0.0/8",
        RATE_LIMITS="off",
        MFA_REQUIRED_ROLES="none",  # the tests of that policy set it
        LOG_LEVEL="INFO",
        WEB_PROCESSES="1",
        WEB_MAX_REQUESTS="0",
    )
    folder.mkdir(parents=True, exist_ok=True)
    if PRODUCTION:
        number = int(WORKER.removeprefix("gw")) if WORKER.startswith("gw") else 15
        os.environ.update(
            DATABASE_URL=os.environ["TEST_DATABASE_URL"],
            SECRET_KEY="a secret key for tests that is long enough",
            REDIS_URL=f"{os.environ['TEST_REDIS_URL']}/{number}",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=str(free_port()),
            SMS_BACKEND="vestibule.courier.transports.mailbox.deliver_sms",
        )


if "TEST_FOLDER" not in os.environ:
    _start_servers()
_configure()
