"""`make bench-size`: what a request costs among 10,000 people, and among 5,000,000, in the same PostgreSQL
(`python -m bench.size 10000 500000` for other numbers).

The people are made by SQL, each with a profile, a session, a refresh token, a device and two events. Each scenario is
asked one at a time; told are the CPU ms of a request, everything counted, PostgreSQL's part of it, its median time, and
the ratio of the two, at one speed of the machine: that of the limit lines (bench.limits) beside the first.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import date

import psycopg

from bench.limits import Limit, Limits, Told, limits
from bench.load import Ask
from bench.machine import machine
from bench.rows import RESULTS, measure
from bench.scenarios import SCENARIOS, Scenario, Town
from bench.stage import Stage, stage

SIZES = (10_000, 5_000_000)
ROUNDS = 5  # of each scenario; the median of them is told
MOST = 1.3  # times what it costs among few
BUFFERS = "6GB"  # a quarter of the memory, as docs/deploy.md says
HEAD = "scenario          people   CPU ms  postgres   p50 ms  at one speed"

PEOPLE = """
INSERT INTO vestibule_user (id, password, email, username, full_name, role, status, email_verified_at, phone_number,
                          phone_verified_at, created_at, updated_at)
SELECT md5(n::text)::uuid, '!', 'u' || n || '@example.org', 'u' || n, 'Person ' || n, 'user', 'active', at,
       '+49151' || lpad(n::text, 8, '0'), at, at, at
FROM (SELECT n, now() - n * interval '3 seconds' AS at FROM numbers) AS people;
INSERT INTO vestibule_profile (user_id, bio, address, picture)
SELECT md5(n::text)::uuid, '', '', '' FROM numbers;
INSERT INTO vestibule_device (id, user_id, fingerprint, name, type, browser, os, is_trusted, created_at, last_seen_at)
SELECT md5('d' || n)::uuid, md5(n::text)::uuid, sha256(('d' || n)::bytea), '', 'desktop', '', '', false, now(), now()
FROM numbers;
INSERT INTO vestibule_session (id, user_id, created_at, last_seen_at, expires_at, auth_time, amr, address, agent,
                               device_id, is_page)
SELECT md5('s' || n)::uuid, md5(n::text)::uuid, at, at, at + interval '90 days', at, '["pwd"]',
       ('10.' || n % 250 || '.' || n / 250 % 250 || '.' || n / 62500 % 250)::inet, '', md5('d' || n)::uuid, false
FROM (SELECT n, now() - n % 80 * interval '1 day' AS at FROM numbers) AS people;
INSERT INTO vestibule_refresh_token (session_id, digest, created_at, expires_at)
SELECT md5('s' || n)::uuid, sha256(('r' || n)::bytea), now(), now() + interval '14 days'
FROM numbers;
INSERT INTO vestibule_audit_event (at, name, code, actor, user_id, subject, agent, request_id, reason)
SELECT now() - n % 300 * interval '1 day', name, '', 'user', md5(n::text)::uuid, sha256(n::text::bytea), '', '', ''
FROM numbers, unnest(ARRAY['account.registered', 'session.opened']) AS name;
"""


def _search(town: Town, number: int) -> Iterator[Ask]:
    """Search by address, its beginning, number, name and id, as the staff; each finds somebody."""
    words = ("u77@example.org", "u77", "%2B4915100000077", "u78", "f033ab37-c302-01f7-3f14-2449d037028d")
    for turn in range(number):
        yield Ask("GET", f"/api/admin/users?search={words[turn % len(words)]}", access=town.access[0])


SEARCH = Scenario(name="admin search", asks=_search, status=200, requests=200)


def main(sizes: Sequence[int]) -> None:
    """Measure among few, fill up, measure again; tell the ratios. Exits 1 where one is over MOST."""
    lines = [f"{date.today().isoformat()}   {machine()}", HEAD]  # noqa: DTZ011
    memory = f"shared_buffers={BUFFERS}"
    # To fill takes longer than a token lives; and the admin, whose searches are measured, has a password only.
    shape = {"JWT_ACCESS_TTL": "86400", "MFA_REQUIRED_ROLES": "none"}
    with stage(postgres=[memory], **shape) as here, limits(here) as limit_lines:
        town, found, before = Town(here), dict[str, list[float]](), 0
        speed: Limit | None = None
        staff(here, town)
        for size in sizes:
            fill(here, before + 1, size)
            before = size
            for name, told in measured(here, limit_lines, town).items():
                row, speed = told.row, speed or told.limit
                found.setdefault(name, []).append(told.at_speed(speed))
                parts = (
                    f"{row.total:9.2f}{row.cpu['postgres']:10.2f}{1000 * row.seconds[0]:9.1f}{found[name][-1]:12.2f}"
                )
                lines.append(f"{name:14}{size:11,}{parts}")
                sys.stdout.write(f"{lines[-1]}\n")
                sys.stdout.flush()
    lines.append(f"among {sizes[1]:,} a request costs, times what it costs among {sizes[0]:,} (at most {MOST}):")
    ratios = {name: many / few for name, (few, many) in found.items()}
    lines += [f"{name:14}{ratio:6.2f}" for name, ratio in ratios.items()]
    sys.stdout.write("\n".join(lines[-len(ratios) - 1 :]) + "\n")
    RESULTS.joinpath("size.txt").write_text("\n".join(lines) + "\n")
    sys.exit(max(ratios.values()) > MOST)


def measured(here: Stage, limit_lines: Limits, town: Town) -> dict[str, Told]:
    """The middle round of each scenario, one request at a time, with the limit lines of the same seconds."""
    rounds: dict[str, list[Told]] = {}
    played = [*(each for each in SCENARIOS if each.name != "register"), SEARCH]
    for _ in range(ROUNDS):
        for told in limit_lines.beside(here, town, played, 1):
            rounds.setdefault(told.scenario.name, []).append(told)
    first = next(iter(rounds.values()))[0].limit
    return {name: sorted(tolds, key=lambda told: told.at_speed(first))[ROUNDS // 2] for name, tolds in rounds.items()}


def staff(here: Stage, town: Town) -> None:
    """One person, who is an admin, and everything warm."""
    for scenario in SCENARIOS:
        measure(here, town, scenario, 1)
    here.service.run("set-role", town.people[0], "admin")


def fill(here: Stage, first: int, last: int) -> None:
    """Make the people from one number to another."""
    with psycopg.connect(here.database_url, autocommit=True, options="-c statement_timeout=0") as database:
        database.execute(f"CREATE TEMPORARY TABLE numbers AS SELECT generate_series({first}, {last}) AS n")
        database.execute("SET session_replication_role = replica")  # foreign keys hold by themselves here
        database.execute(PEOPLE)
        database.execute("VACUUM ANALYZE")
        database.execute("CHECKPOINT")  # what it still has to write of this would be counted as the requests'


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
