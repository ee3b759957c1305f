"""`make bench-storm`: sign-ins at concurrency 64, and what `me` and `health/live` feel of it; and the memory.

The service runs as people run it (`vestibule serve`, embedded or, with STACK=production, PostgreSQL and Redis). Half of
the sign-ins have the wrong password; beyond the hashing queue they are told 503, and wait as it says. One thread asks
for `me` and one for `health/live`, each again as soon as it was answered, first alone and then beside the storm. Then
the storms of bench.storms.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

from bench import storms
from bench.stage import resident
from tests.servers import Postgres, Redis
from tests.service import Service

SECONDS, STORM = 10.0, 64
PASSWORD = "correct horse battery staple"


def main() -> None:
    """Start the service, measure, print."""
    folder = Path(tempfile.mkdtemp(prefix="vestibule-bench-"))
    folder.chmod(0o755)
    environment = {"LOG_LEVEL": "ERROR", "TRUSTED_PROXIES": "127.0.0.1"}
    servers: list[Postgres | Redis] = []
    if os.environ.get("STACK") == "production":
        postgres, redis = Postgres(folder), Redis(folder / "redis")
        servers = [postgres, redis]
        for server in servers:
            server.start()
        environment |= {
            "DATABASE_URL": postgres.create("vestibule"),
            "REDIS_URL": redis.url(),
            "SECRET_KEY": "a secret key for one measurement on one machine",
            "WEB_PROCESSES": "2",
        }
    try:
        with Service(folder, **environment) as service:
            measure(service, environment)
    finally:
        for server in servers:
            server.stop()


def measure(service: Service, environment: dict[str, str]) -> None:
    """Idle, then beside the storm."""
    if "DATABASE_URL" in environment:
        service.start("worker")
    access = account(service, "ada@example.com")  # on whom the storm is not: its sign-ins would crowd her session out
    account(service, "eve@example.com")
    alone = probe(service, access)
    quiet = resident(service.process("serve").pid)
    storm = subprocess.Popen([sys.executable, "-m", "bench.storm", str(service.port)], stdout=subprocess.PIPE)
    begins(storm)
    beside = probe(service, access)
    memory = resident(service.process("serve").pid)
    storm.terminate()
    answers = json.loads(storm.communicate()[0])
    shape = "production, 2 processes" if "DATABASE_URL" in environment else "embedded, 1 process"
    tell(f"{shape}; sign-ins at concurrency {STORM} for {SECONDS:.0f} s: {answers}")
    for name in alone:
        tell(f"{name:12} idle    {summary(alone[name])}")
        tell(
            f"{'':12} beside  {summary(beside[name])}   p99 x {storms.p99(beside[name]) / storms.p99(alone[name]):.1f}"
        )
    stranger = account(service, "mallory@example.com")  # the storm's sign-ins have crowded out eve's first session
    storms.run(service, stranger, account(service, "grace@example.com"), tell)
    after = resident(service.process("serve").pid)
    tell(f"memory of the web processes (PSS): {quiet} MB idle, {memory} MB in the first storm, {after} after all")


def begins(storm: subprocess.Popen[bytes]) -> None:
    """Come back when all is loaded, which costs as much CPU as a few dozen sign-ins, and the first ask."""
    if storm.stdout is not None:
        storm.stdout.readline()


def account(service: Service, email: str) -> str:
    """An account; the access token of its session."""
    started = service.post("/api/auth/register/start", {"email": email, "password": PASSWORD})[1]
    code = service.code_for(email)
    body = {"registration": started["registration"], "otp": code}
    return str(service.post("/api/auth/register/confirm", body)[1]["access"])


def probe(service: Service, access: str) -> dict[str, list[float]]:
    """The seconds of each `me` and each `health/live`, for as long as it is measured."""
    asked = {"me": ("/api/auth/me", {"Authorization": f"Bearer {access}"}), "health/live": ("/health/live", {})}
    took: dict[str, list[float]] = {name: [] for name in asked}
    threads = []
    for name, (path, headers) in asked.items():
        threads.append(Thread(target=ask, args=(service, path, headers, took[name])))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def ask(service: Service, path: str, headers: dict[str, str], took: list[float]) -> None:
    """One after the other, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    end = perf_counter() + SECONDS
    while perf_counter() < end:
        began = perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        took.append(perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")


def storm(port: int) -> None:
    """A process of its own: so many who sign in, until it is told to end: a line when it begins; then the count of the
    answers."""
    stop, answers = Event(), Counter[int]()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    people = [Thread(target=hammer, args=(port, stop, answers, n)) for n in range(STORM)]
    tell("")
    sys.stdout.flush()
    for thread in people:
        thread.start()
    while not stop.wait(0.2):
        pass
    for thread in people:
        thread.join()
    tell(json.dumps(dict(sorted(answers.items()))))


def hammer(port: int, stop: Event, answers: Counter[int], number: int) -> None:
    """One of them: right or wrong, again and again; a 503 is waited for as it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    turn = 0
    while not stop.is_set():
        turn += 1
        email = "eve@example.com" if number % 2 else f"p{number}.{turn}@example.com"
        body = json.dumps({"email": email, "password": PASSWORD if number % 2 else "wrong"})
        try:
            connection.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            answers[answer.status] += 1
            if answer.status == 503:
                stop.wait(float(answer.headers["Retry-After"]))
        except OSError:
            answers[0] += 1
            connection.close()


def summary(seconds: list[float]) -> str:
    """Median and p99 in milliseconds."""
    return f"median {1000 * median(seconds):6.1f} ms   p99 {1000 * storms.p99(seconds):6.1f} ms   ({len(seconds)})"


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    storm(int(sys.argv[1])) if len(sys.argv) > 1 else main()
