"""`make bench-timing`: whether the time of an answer tells one kind of account from another.

`python -m bench.timing 1000` takes as many samples of each kind at each door.

In the production shape, over one connection, one request at a time, the kinds in random order; each address is asked
once at each door. Told is the AUC of each kind against an address that nobody has: the chance that a random answer of
the one took longer than a random answer of the other (Mann-Whitney U / n1 n2). 0.5 tells nothing; beyond 0.5 +- 0.05
the exit is 1.
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from statistics import median

import psycopg
from argon2 import PasswordHasher
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from bench.load import Ask, run
from bench.machine import machine
from bench.rows import RESULTS
from bench.stage import Stage, stage

SAMPLES, MOST = 500, 0.05
PASSWORD, WRONG = "correct horse battery staple", "the wrong horse battery staple"
NOBODY = "unknown"
ITERATIONS = 60_000  # of the imported hashes: about the cost of one of ours

# What each kind of account is: its state, and its hash.
ACCOUNTS = {
    "known": ("active", "argon2" + PasswordHasher(2, 19456, 1).hash(PASSWORD)),
    "suspended": ("suspended", "argon2" + PasswordHasher(2, 19456, 1).hash(PASSWORD)),
    "passwordless": ("active", "!"),
    "imported": ("active", PBKDF2PasswordHasher().encode(PASSWORD, "salt of an import", ITERATIONS)),
}
KINDS = (NOBODY, *ACCOUNTS, "pending")
DOORS: dict[str, tuple[str, int, Callable[[str], dict[str, str]]]] = {
    "login": ("/api/auth/login", 401, lambda email: {"email": email, "password": WRONG}),
    "reset": ("/api/auth/password/reset", 202, lambda email: {"email": email}),
    "magic": ("/api/auth/login/magic/start", 202, lambda email: {"email": email}),
    "resend": ("/api/auth/verify-email/resend", 202, lambda email: {"email": email}),
    "start": ("/api/auth/register/start", 202, lambda email: {"email": email, "password": PASSWORD}),
    "register": ("/api/auth/register", 201, lambda email: {"email": email, "password": PASSWORD}),
}
ROW = """
INSERT INTO vestibule_user (id, password, email, full_name, role, status, email_verified_at, created_at, updated_at)
SELECT md5(email)::uuid, %(hash)s, email, '', 'user', %(status)s, now(), now(), now()
FROM (SELECT %(kind)s || n || '@example.org' AS email FROM generate_series(1, %(samples)s) AS n) AS people
"""
PROFILE = "INSERT INTO vestibule_profile (user_id, bio, address, picture) SELECT id, '', '', '' FROM vestibule_user"


def main(samples: int) -> None:
    """Measure, print, keep. Exits 1 where a kind can be told."""
    lines = [f"{date.today().isoformat()}   {machine()}   {samples} of each kind at each door"]  # noqa: DTZ011
    lines.append("door      kind           p50 ms     AUC")
    sys.stdout.write("\n".join(lines) + "\n")
    told = []
    with stage() as here:
        people(here, samples)
        for door in DOORS:
            seconds = measured(here, door, samples)
            for kind in KINDS:
                area = auc(seconds[kind], seconds[NOBODY]) if kind != NOBODY else 0.5
                told.append(abs(area - 0.5))
                lines.append(f"{door:10}{kind:13}{1000 * median(seconds[kind]):8.2f}{area:8.3f}")
                sys.stdout.write(f"{lines[-1]}\n")
                sys.stdout.flush()
    lines.append(f"furthest from 0.5: {max(told):.3f} (at most {MOST})")
    sys.stdout.write(f"{lines[-1]}\n")
    RESULTS.joinpath("timing.txt").write_text("\n".join(lines) + "\n")
    sys.exit(max(told) > MOST)


def people(here: Stage, samples: int) -> None:
    """So many accounts of each kind by SQL; sign-ups that wait by the API."""
    with psycopg.connect(here.database_url, autocommit=True) as database:
        for kind, (status, encoded) in ACCOUNTS.items():
            database.execute(ROW, {"hash": encoded, "status": status, "kind": kind, "samples": samples})
        database.execute(PROFILE)
        database.execute("ANALYZE")
    path, expected, body = DOORS["register"]
    waits = run(here.service.port, (Ask("POST", path, body(f"pending{n + 1}@example.org")) for n in range(samples)), 4)
    if {answer.status for answer in waits.answers} != {expected}:
        raise RuntimeError(f"{path}: {[answer.body for answer in waits.answers[:3]]}")
    here.delivered()


def measured(here: Stage, door: str, samples: int) -> dict[str, list[float]]:
    """The seconds of each answer, by kind. Raises RuntimeError where an answer is not the one that all get."""
    path, status, body = DOORS[door]
    asks = [Ask("POST", path, body(f"{kind}{n + 1}@example.org"), note=kind) for n in range(samples) for kind in KINDS]
    random.shuffle(asks)
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    run(here.service.port, [Ask("POST", path, body(f"warm{n}@example.org")) for n in range(30)], 1)
    for answer in run(here.service.port, asks, 1).answers:
        if answer.status != status:
            raise RuntimeError(f"{path} of {answer.ask.note}: {answer.status} {answer.body!r}")
        seconds[answer.ask.note].append(answer.seconds)
    here.delivered()
    return seconds


def auc(some: Sequence[float], others: Sequence[float]) -> float:
    """The chance that a random one of `some` is above a random one of `others`; ties count half."""
    above = sum(_rank_sum(some, others))
    return (above - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))


def _rank_sum(some: Sequence[float], others: Sequence[float]) -> Iterator[float]:
    """The rank of each of `some` among all, the mean rank for ties."""
    ordered = sorted([*((each, True) for each in some), *((each, False) for each in others)])
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        rank = (at + 1 + end) / 2
        yield from (rank for _, ours in ordered[at:end] if ours)
        at = end


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
