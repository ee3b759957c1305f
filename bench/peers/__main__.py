"""`make bench-peers`: all are up at once, and each operation is played by one after the other, so that a slow minute of
the machine meets everybody. What holds are the ratios of one run.

Counted is the CPU of the server, of our worker until the mail has left, of PostgreSQL and Redis. Every mail goes by
SMTP to one sink. `python -m bench.peers 3 60` is three passes of 60 people each.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.limits import bare_hash
from bench.load import Answer
from bench.machine import machine
from bench.peers.peers import OPERATIONS, PEERS, Person
from bench.peers.running import Running, running
from bench.sink import read_letters
from tests.servers import Postgres, Redis, free_port, until

CONCURRENCY = 8
TIMES = {"me": 20}  # of each person, in a pass
IN_TURN = {"refresh": 10}  # the same, each with what the one before was answered
# Whom an operation is compared with, and what was asked for (docs/performance.md).
GOALS = {
    "sign-up": ("djoser", 0.6),
    "confirm": ("allauth", 0.4),
    "sign-in": ("djoser", 0.6),
    "me": ("djoser", 0.6),
    "refresh": ("djoser rotating", 0.3),
}

Spent = dict[tuple[str, str], list[float]]  # (operation, peer) -> CPU ms of a request, a pass each


def main(passes: int, number: int) -> None:
    """Start all, play the passes, print the table."""
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name, ExitStack() as stack:
        (folder := Path(name)).chmod(0o755)
        postgres, redis, mail = Postgres(folder), Redis(folder / "redis"), free_port()
        (letters := folder / "letters").touch()
        sink = subprocess.Popen([sys.executable, "-m", "bench.sink", str(mail), str(letters)])
        stack.callback(sink.kill)
        for store in (postgres, redis):
            store.start()
            stack.callback(store.stop)
        services = [stack.enter_context(running(peer, folder, postgres, redis, mail)) for peer in PEERS]
        load, hashes = os.getloadavg()[0], [bare_hash(2)]
        spent: Spent = defaultdict(list)
        play(services, number, letters, defaultdict(list))  # each thread of each has its connection, and its statements
        for turn in range(passes):
            play(services[:: -1 if turn % 2 else 1], number, letters, spent)
            hashes.append(bare_hash(2))
    tell(
        f"{machine()}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after; {passes} passes of {number} people each"
    )
    tell(f"bare hash {min(hashes):.1f} to {max(hashes):.1f} ms of CPU; concurrency {CONCURRENCY}")
    for line in table(spent):
        tell(line)


def play(services: Sequence[Running], number: int, letters: Path, spent: Spent) -> None:
    """Each operation by one after the other, for new people."""
    for service in services:
        service.people = [Person.new() for _ in range(number)]
    for operation in OPERATIONS:
        for service in services:
            if operation == "confirm":
                read_mails(service, letters)
            total, answered = 0.0, 0
            for _ in range(IN_TURN.get(operation, 1)):
                ran, cpu = service.play(operation, CONCURRENCY, TIMES.get(operation, 1))
                total, answered = total + sum(cpu.values()), answered + len(ran.answers)
                keep(service, operation, ran.answers)
            if answered:
                spent[operation, service.peer.name].append(1000 * total / answered)


def keep(service: Running, operation: str, answers: Sequence[Answer]) -> None:
    """Keep what people were told.

    Raises:
        RuntimeError: a request failed that should not.
    """
    people = {person.email: person for person in service.people}
    for answer in answers:
        if answer.status >= 500 or (answer.status >= 400) is not may_fail(service, operation):
            raise RuntimeError(f"{service.peer.name}: {operation}: {answer.status} {answer.body!r}")
        if answer.body and operation != "wrong sign-in":
            service.peer.keep(people[answer.ask.note], answer.json)


def may_fail(service: Running, operation: str) -> bool:
    """Whether a 4xx is right: a wrong password; a sign-up of allauth's, which is a 401 until the address is proved."""
    return operation == "wrong sign-in" or (operation, service.peer.name) == ("sign-up", "allauth")


def read_mails(service: Running, letters: Path) -> None:
    """Give each of the people what came for them."""
    waiting = {person.email: person for person in service.people}

    def arrived() -> bool:
        for address, text in read_letters(letters):
            if address in waiting:
                service.peer.read_mail(waiting.pop(address), text)
        return not waiting

    until(arrived, "the mails")


def table(spent: Spent) -> list[str]:
    """A row for each operation, and our ratio to whom it is compared with."""
    names = [peer.name for peer in PEERS]
    lines = [f"{'CPU ms':14}" + "".join(f"{name:>17}" for name in names) + "   ratio"]
    for operation in OPERATIONS:
        found = {name: median(spent[operation, name]) for name in names if spent.get((operation, name))}
        cells = "".join(f"{found[name]:17.2f}" if name in found else f"{'':17}" for name in names)
        lines.append(f"{operation:14}{cells}   {ratio(operation, spent)}")
    return lines


def ratio(operation: str, spent: Spent) -> str:
    """Ours to theirs, the median and from least to most of the passes, and what was asked for."""
    if operation not in GOALS:
        return ""
    other, asked = GOALS[operation]
    pairs = zip(spent[operation, "vestibule"], spent[operation, other], strict=True)
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    return f"{median(ratios):.2f} of {other} ({ratios[0]:.2f} to {ratios[-1]:.2f}; asked {asked})"


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:] or ("3", "60")))
