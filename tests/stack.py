"""`make stack`: the production shape on one machine, from the wheels; Ctrl-C stops all of it."""

import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from tests.servers import Postgres, Redis, until
from tests.service import Service


def main() -> None:
    """Start everything, say where it is, and stay until told to stop or a part dies."""
    folder = Path(tempfile.mkdtemp(prefix="vestibule-stack-"))
    folder.chmod(0o755)
    postgres, redis = Postgres(folder), Redis(folder / "redis")
    signal.signal(signal.SIGTERM, _stop)
    try:
        postgres.start()
        redis.start()
        service = Service(
            folder,
            DATABASE_URL=postgres.create("vestibule"),
            REDIS_URL=redis.url(),
            WEB_PROCESSES="2",
            SECRET_KEY="for one evening on one machine, never for production",
            RATE_LIMITS="on",
        )
        with service:
            processes = [service.process("serve"), service.start("worker"), service.start("beat")]
            until(service.answers, "the service")
            sys.stdout.write(f"{service.log('serve')}logs       {folder}\n")
            sys.stdout.flush()
            while all(process.poll() is None for process in processes):
                time.sleep(0.5)
            sys.stdout.write(f"a process ended; its log is in {folder}\n")
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")
    finally:
        redis.stop()
        postgres.stop()


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
