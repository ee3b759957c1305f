"""`make stack`: the production shape on one machine: two web hosts behind HAProxy; Ctrl-C stops all of it."""

import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from tests.balancer import ADDRESSES, HAPROXY, Balanced
from tests.servers import Postgres, Redis, until
from tests.service import Service


def main() -> None:
    """Start everything, say where it is, and stay until told to stop or a part dies."""
    if not HAPROXY:
        sys.exit("HAProxy is missing (apt-get install haproxy)")
    folder = Path(tempfile.mkdtemp(prefix="vestibule-stack-"))
    folder.chmod(0o755)
    postgres, redis = Postgres(folder), Redis(folder / "redis")
    signal.signal(signal.SIGTERM, _stop)
    try:
        postgres.start()
        redis.start()
        run(folder, DATABASE_URL=postgres.create("vestibule"), REDIS_URL=redis.url())
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")
    finally:
        redis.stop()
        postgres.stop()


def run(folder: Path, **stores: str) -> None:
    """Migrate, serve twice, deliver and sweep."""
    environment = {**stores, "SECRET_KEY": "for one evening on one machine, never for production", "RATE_LIMITS": "on"}
    _one_mailbox(folder)
    house = Balanced(folder, **environment)
    behind = Service(folder, **{**environment, "BASE_URL": house.url})
    try:
        behind.run("migrate")
        others = [behind.start("worker"), behind.start("beat")]
        house.start()
        until(house.answers, "the service")
        told = house.hosts[0].log("serve").partition("{")[0]
        # The mailbox answers nothing that a proxy hands on.
        sys.stdout.write(told.replace(f"{house.url}/dev/", f"{house.hosts[0].url}/dev/"))
        sys.stdout.write(f"hosts      {' '.join(host.url for host in house.hosts)}\n")
        sys.stdout.write(f"logs       {folder}\n")
        sys.stdout.flush()
        while all(process.poll() is None for process in others):  # a web host may be killed, to see what happens
            time.sleep(0.5)
        sys.stdout.write(f"a process ended; its log is in {folder}\n")
    finally:
        house.stop()
        behind.stop()


def _one_mailbox(folder: Path) -> None:
    """The development mailbox is a folder, and the only one here: it stands for a mail server."""
    for place in (folder / "mailbox", *(folder / address for address in ADDRESSES)):
        place.mkdir()
    for address in ADDRESSES:
        (folder / address / "mailbox").symlink_to(folder / "mailbox")


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
