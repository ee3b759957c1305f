"""`make bench-openid`: what a sign-in at an application costs a web process, beside django-oauth-toolkit.

Each provider is a process of its own with a PostgreSQL of its own; they run by turns. A process asks itself through
WSGI, without a server between. Told are the CPU ms of a request in that process, the median of the rounds' medians,
their ratio, and the statements.
"""

import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from os import getloadavg
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from bench.machine import machine
from bench.rows import RESULTS
from vestibule.service.boot import freeze_garbage_collector

ROUNDS, TURNS, WARM = 3, 200, 20  # turns: measured in each round, and before them
HASHED_TURNS, HASHED_WARM = 30, 2  # of the application whose secret the toolkit hashes: a quarter of a second each
CALLBACK = "https://shop.example.com/callback"
SECRET = "GmT3v0wqQ2cXb1nYp8sLr5uKz7eJd4hA"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PROVIDERS = {"vestibule": "bench.openid_vestibule", "toolkit": "bench.openid_toolkit"}
PUBLIC, PLAIN, HASHED = "public", "plain", "hashed"  # client ids: without a secret; with one, kept so by the toolkit
# What is told, and of which application.
ROWS = {
    "authorize, signed in": ("authorize", PUBLIC),
    "token, public client": ("token", PUBLIC),
    "token, secret": ("token", HASHED),
    "token, secret not hashed": ("token", PLAIN),
    "userinfo": ("userinfo", PUBLIC),
    "introspect, secret": ("introspect", HASHED),
    "introspect, secret not hashed": ("introspect", PLAIN),
}
HEAD = f"{'CPU ms':32}{'vestibule':>10}{'toolkit':>10}{'ratio':>8}{'statements':>14}"

Application = Callable[[dict[str, Any], Callable[..., object]], Any]
Meter = Callable[[tuple[str, str], Callable[[], Any]], Any]  # sends a request, of an endpoint and a client: its answer


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider in this process, with its three applications, and a browser in which a person is signed in."""

    application: Application
    path: str  # of an endpoint, whose name is its `{}`
    scope: str  # with which its tokens are an access, an ID and a refresh token
    browser: RequestFactory

    def sign_in(self, client: str, meter: Meter) -> None:
        """One sign-in at the application: each request of it, and what each cost."""
        asked = {
            "client_id": client,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": self.scope,
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        request = self.browser.get(self._path("authorize"), asked)
        answer = self._send("authorize", client, request.environ, meter)
        [code] = parse_qs(urlsplit(answer["Location"]).query)["code"]
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        tokens = json.loads(self._post("token", client, sent, meter).content)
        assert tokens.keys() >= {"access_token", "id_token", "refresh_token"}, tokens
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        request = RequestFactory().get(self._path("userinfo"), headers=bearer)
        told = json.loads(self._send("userinfo", client, request.environ, meter).content)
        assert told.keys() == {"sub"}, told
        if client != PUBLIC:
            told = json.loads(self._post("introspect", client, {"token": tokens["access_token"]}, meter).content)
            assert told["active"], told

    def _path(self, endpoint: str) -> str:
        return self.path.format(endpoint)

    def _post(self, endpoint: str, client: str, sent: dict[str, str], meter: Meter) -> Any:
        headers = {}
        if client == PUBLIC:
            sent = {**sent, "client_id": client}
        else:
            headers["Authorization"] = f"Basic {b64encode(f'{client}:{secret_of(client)}'.encode()).decode()}"
        request = RequestFactory().post(
            self._path(endpoint), urlencode(sent), "application/x-www-form-urlencoded", headers=headers
        )
        return self._send(endpoint, client, request.environ, meter)

    def _send(self, endpoint: str, client: str, environ: dict[str, Any], meter: Meter) -> Any:
        def send() -> Any:
            answer = self.application(environ, lambda *_: None)
            answer.close()
            return answer

        answer = meter((endpoint, client), send)
        assert answer.status_code in (200, 302, 303), (endpoint, answer.status_code, answer.content)
        return answer


def secret_of(client: str) -> str:
    """No two applications have the same."""
    return f"{SECRET}-{client}"


def measure(provider: Provider) -> None:
    """Play the round of one provider, and print what each request cost: CPU ms, statements."""
    spent: dict[tuple[str, str], list[float]] = {}
    statements: dict[tuple[str, str], int] = {}

    def count(row: tuple[str, str], send: Callable[[], Any]) -> Any:
        with CaptureQueriesContext(connection) as captured:
            answer = send()
        statements[row] = len(captured)
        return answer

    def clock(row: tuple[str, str], send: Callable[[], Any]) -> Any:
        began = time.process_time()
        answer = send()
        spent.setdefault(row, []).append(1000 * (time.process_time() - began))
        return answer

    freeze_garbage_collector()
    for client, warm, turns in ((PUBLIC, WARM, TURNS), (PLAIN, WARM, TURNS), (HASHED, HASHED_WARM, HASHED_TURNS)):
        for _ in range(warm):
            provider.sign_in(client, count)
        for _ in range(turns):
            provider.sign_in(client, clock)
    told = {name: (median(spent[row]), statements[row]) for name, row in ROWS.items()}
    sys.stdout.write(json.dumps(told) + "\n")


def play(module: str) -> dict[str, tuple[float, int]]:
    """What a provider printed at the end of its round. Raises CalledProcessError where the round broke off."""
    command = [sys.executable, "-W", "ignore", "-m", module]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, tuple[float, int]] = json.loads(printed.splitlines()[-1])
    return found


def table(rounds: Iterable[dict[str, dict[str, tuple[float, int]]]]) -> list[str]:
    """The rows: of every round one median for each provider."""
    lines, played = [HEAD], list(rounds)
    for name in ROWS:
        ours, theirs = (median(each[provider][name][0] for each in played) for provider in PROVIDERS)
        counted = " / ".join(str(played[0][provider][name][1]) for provider in PROVIDERS)
        lines.append(f"{name:32}{ours:10.2f}{theirs:10.2f}{ours / theirs:8.2f}{counted:>14}")
    return lines


def main() -> None:
    """Measure, print, keep."""
    before = getloadavg()[0]
    rounds = [{provider: play(module) for provider, module in PROVIDERS.items()} for _ in range(ROUNDS)]
    lines = [
        f"{date.today().isoformat()}   {machine()}   load {before:.1f} before, {getloadavg()[0]:.1f} after",  # noqa: DTZ011
        f"django-oauth-toolkit {version('django-oauth-toolkit')}, Django {version('django')}; {ROUNDS} rounds by turns",
    ]
    lines += table(rounds)
    lines += [
        f"secret: the toolkit keeps it hashed by Django's default hasher ({HASHED_TURNS} a round, others {TURNS}); we",
        "keep the SHA-256 of 256 random bits; not hashed: the toolkit keeps it as it is (hash_client_secret=False).",
    ]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    RESULTS.joinpath("openid.txt").write_text(text)


if __name__ == "__main__":
    main()
