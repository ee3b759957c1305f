"""The storms of `make bench-storm`: expensive requests of strangers, who do not wait as told, each storm beside honest
sign-ins, `me` and health.

Each comes from other addresses (the service trusts the loopback to say which), runs for a few seconds, and is told in
one line: what the storm was answered, how many honest sign-ins got in beside how many get in alone, and what `me` and
`health/live` took beside what they took alone.
"""

import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from statistics import median
from threading import Event, Thread
from time import perf_counter

from PIL import Image

from tests.service import Service

SECONDS = 3.0
PASSWORD = "correct horse battery staple"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """So many connections, each of which does the same again and again."""

    name: str
    connections: int
    act: Callable[[http.client.HTTPConnection, int], int]


def storms(access: str) -> list[Storm]:
    """All of them; `access` is the token of an account that the stranger has."""
    bearer = {"Authorization": f"Bearer {access}"}
    picture = BytesIO()
    Image.linear_gradient("L").resize((3000, 3000)).convert("RGB").save(picture, "PNG")
    form = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n' + picture.getvalue()
    form += b"\r\n--x--\r\n"

    def login(line: http.client.HTTPConnection, number: int) -> int:
        body = json.dumps({"email": f"n{number}.{perf_counter()}@example.com", "password": "wrong"})
        return asked(line, "POST", "/api/auth/login", body, JSON | came_from(f"2001:db8:1:{number:x}::1"))

    def prove(line: http.client.HTTPConnection, number: int) -> int:
        headers = JSON | bearer | came_from(f"2001:db8:e{number}::1")
        return asked(line, "POST", "/api/auth/reauthenticate", json.dumps({"password": PASSWORD}), headers)

    def upload(line: http.client.HTTPConnection, number: int) -> int:
        headers = {"Content-Type": "multipart/form-data; boundary=x", **bearer, **came_from(f"2001:db8:a{number}::1")}
        return asked(line, "PUT", "/api/auth/me/picture", form, headers)

    def drip(line: http.client.HTTPConnection, _: int) -> int:
        with socket.create_connection((line.host, line.port), timeout=SECONDS) as slow, suppress(OSError):
            slow.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
            slow.recv(1)  # nothing comes: it is held open for as long as the storm lasts
        return 0

    def schema(line: http.client.HTTPConnection, number: int) -> int:
        return asked(line, "GET", "/api/schema", None, came_from(f"2001:db8:b{number}::1"))

    return [
        Storm(name="sign-ins of one /48", connections=64, act=login),
        Storm(name="reauthenticate, one account", connections=20, act=prove),
        Storm(name="pictures of 9 Mpx", connections=8, act=upload),
        Storm(name="slow bodies", connections=60, act=drip),
        Storm(name="the schema", connections=30, act=schema),
    ]


def run(service: Service, access: str, bystander: str, tell: Callable[[str], None]) -> None:
    """Each storm in turn, and its line. `access` is the stranger's token; `bystander` that of a person whom
    nobody signs in."""
    alone = beside(service, None, bystander)
    tell(f"{'alone':28} {told(alone, alone)}")
    for storm in storms(access):
        seen = beside(service, storm, bystander)
        tell(f"{storm.name:28} {told(seen, alone)}; the storm: {dict(sorted(seen.storm.items()))}")


@dataclass(slots=True)
class Seen:
    """The seconds of each honest sign-in, `me` and look at health; how many sign-ins were refused; the storm's
    answers."""

    entered: list[float]
    me: list[float]
    health: list[float]
    refused: int
    storm: Counter[int]


def beside(service: Service, storm: Storm | None, bystander: str) -> Seen:
    """Sign in from other networks, and ask for `me` and health, while the storm lasts."""
    seen, stop = Seen([], [], [], 0, Counter()), Event()
    bearer = {"Authorization": f"Bearer {bystander}"}
    threads = [
        Thread(target=ask, args=(service, "/health/live", {}, seen.health, stop)),
        Thread(target=ask, args=(service, "/api/auth/me", bearer, seen.me, stop)),
    ]
    if storm:
        threads += [Thread(target=rage, args=(service, storm, n, seen, stop)) for n in range(storm.connections)]
    for thread in threads:
        thread.start()
    line, end, turn = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30), perf_counter() + SECONDS, 0
    while perf_counter() < end:
        turn += 1
        began = perf_counter()
        body = json.dumps({"email": "ada@example.com", "password": PASSWORD})
        status = asked(line, "POST", "/api/auth/login", body, JSON | came_from(f"2001:db8:f{turn:x}::1"))
        if status == 200:
            seen.entered.append(perf_counter() - began)
        else:
            seen.refused += 1
    stop.set()
    for thread in threads:
        thread.join()
    return seen


def ask(service: Service, path: str, headers: dict[str, str], took: list[float], stop: Event) -> None:
    """Again and again."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    while not stop.wait(0.01):
        began = perf_counter()
        asked(line, "GET", path, None, headers)
        took.append(perf_counter() - began)


def rage(service: Service, storm: Storm, number: int, seen: Seen, stop: Event) -> None:
    """One connection of the storm; it does not wait when it is told to."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    while not stop.is_set():
        try:
            seen.storm[storm.act(line, number)] += 1
        except (OSError, http.client.HTTPException):
            seen.storm[-1] += 1
            line.close()


def asked(
    line: http.client.HTTPConnection, method: str, path: str, body: str | bytes | None, headers: dict[str, str]
) -> int:
    """The status of the answer, which is read."""
    line.request(method, path, body, headers)
    answer = line.getresponse()
    answer.read()
    return answer.status


def came_from(address: str) -> dict[str, str]:
    """What a proxy says of the client."""
    return {"X-Forwarded-For": address}


def told(seen: Seen, alone: Seen) -> str:
    """How many honest sign-ins got in; of `me` and health the median, the p99, and how many times that of nobody
    storming."""
    share = len(seen.entered) / max(1, len(alone.entered))
    tried = len(seen.entered) + seen.refused
    parts = [f"{len(seen.entered)} of {tried} honest sign-ins in, {share:.2f} of those alone"]
    for name, now, before in (("me", seen.me, alone.me), ("health", seen.health, alone.health)):
        if now and before:
            times = p99(now) / p99(before)
            parts.append(f"{name} {1000 * median(now):.0f} ms, p99 {1000 * p99(now):.0f} ms (x {times:.1f})")
    return "; ".join(parts)


def p99(seconds: list[float]) -> float:
    """The 99th percentile."""
    return sorted(seconds)[len(seconds) * 99 // 100]
