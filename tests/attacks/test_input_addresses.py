"""INP-14: nobody makes us ask an address of theirs: what goes out goes to a setting's address, by few modules, within a
time, up to a size, and not to where the answer points. Webhooks, key sets of others and callbacks come with features
that are not there yet; the walk over the code finds whatever opens a connection."""

import ast
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from pathlib import Path
from socket import create_server, socket
from urllib.error import URLError

import pytest
from django.utils import timezone

import vestibule
from tests.configured import configured
from tests.openapi import read_contract
from tests.vendors import listening
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.breaches import is_breached
from vestibule.captcha import siteverify
from vestibule.captcha.siteverify import VendorDown
from vestibule.kernel import http_client
from vestibule.kernel.client import Client

ADA = "ada@example.com"
HOME = Path(vestibule.__file__).parent
DOCUMENT = read_contract()
SPELLINGS = ("127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::ffff:127.0.0.1]")
TYPED = {"email": ADA, "password": PASSWORD, "current_password": PASSWORD, "username": "ada", "otp": "12345678"}

# What opens a connection by itself, and which of our modules may hold it; every other goes through them.
REACH_OUT = {"urllib.request", "http.client", "socket", "smtplib", "requests", "urllib3", "httpx", "aiohttp", "ftplib"}
REACH_OUT |= {"asyncio", "subprocess", "telnetlib", "websockets", "twilio", "boto3", "botocore"}
HOLD_IT = {
    "kernel/http_client.py": {"http.client", "socket", "urllib.request"},
    "kernel/deadline_reader.py": {"socket"},  # the type
    "courier/transports/smtp.py": {"smtplib"},  # EMAIL_HOST
    "courier/replies.py": {"smtplib"},  # the errors of transports, by name
    "courier/transports/twilio.py": {"twilio"},  # TWILIO_API_URL; their client follows no redirect and has a time-out
    "service/doctor/mail.py": {"smtplib"},  # an error of it
    "service/cli/management/commands/serve.py": {"socket"},  # whether somebody listens on our port already
    "service/cli/management/commands/demo.py": {"subprocess"},  # the service beside the demo's app
    "service/server/receiving.py": {"socket"},  # the sockets that we listen on
    "service/server/sending.py": {"socket"},
}


@pytest.fixture
def listener() -> Iterator[socket]:
    """A port of this machine that nobody should come to."""
    with create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def came(listener: socket) -> bool:
    """Whether somebody did."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def redirecting(to: str) -> type[BaseHTTPRequestHandler]:
    """A server that sends everybody on."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - their name

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def operations() -> Iterator[tuple[str, str, list[str]]]:
    """Every operation of the contract: method, path, and what its body may hold."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            named = [each["name"] for each in operation.get("parameters", [])]
            yield method.upper(), path, [*DOCUMENT["components"]["schemas"].get(name, {}).get("properties", {}), *named]


def test_inp_14_no_address_that_is_typed_is_asked(api: Api, inbox: Inbox, listener: socket) -> None:
    access = api.account(inbox, ADA)
    port = listener.getsockname()[1]
    spelt = cycle(f"http://{host}:{port}/latest/meta-data/" for host in SPELLINGS)
    asked = 0
    for method, path, fields in operations():
        path = path.replace("{id}", "00000000-0000-0000-0000-000000000000")
        for typed in ({}, TYPED):
            url = next(spelt)
            body = {name: typed.get(name) or next(spelt) for name in fields}
            headers = {"Origin": url, "Referer": url, "X-Forwarded-Host": url, "Forwarded": f"host={url}"}
            for bearer in ({}, {"Authorization": f"Bearer {access}"}):
                where = f"{path}?url={url}&next={url}&redirect_uri={url}"
                answer = api.http.generic(
                    method, where, json.dumps(body), content_type="application/json", headers={**headers, **bearer}
                )
                assert answer.status_code != 500
                asked += 1
    inbox.all()
    assert asked > 150
    assert not came(listener)


def test_inp_14_a_redirect_is_followed_nowhere(listener: socket) -> None:
    inside = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with listening(redirecting(inside)) as url:
        assert http_client.fetch_configured(url, timeout=5, max_bytes=100).status == 302
        with configured(PASSWORD_BREACH_URL=url):
            assert not is_breached(PASSWORD)
        siteverify.forget_outage()
        with configured(CAPTCHA_PROVIDER="turnstile", CAPTCHA_VERIFY_URL=url), pytest.raises(VendorDown):
            siteverify.check_response(Client(at=timezone.now()), "an answer", "login")
        siteverify.forget_outage()
    assert not came(listener)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,secret", "gopher://x/"])
def test_inp_14_only_http_goes_out(url: str) -> None:
    for fetch in (http_client.fetch_configured, http_client.fetch_foreign):
        with pytest.raises(URLError, match="unknown url type"):
            fetch(url, timeout=1, max_bytes=100)


def test_inp_14_what_opens_a_connection_is_in_few_modules() -> None:
    found = {}
    for module in HOME.rglob("*.py"):
        reached = {each for name in imported(module) for each in REACH_OUT if f"{name}.".startswith(f"{each}.")}
        if reached:
            found[str(module.relative_to(HOME))] = reached
    assert found == HOLD_IT


def test_inp_14_what_is_fetched_stands_in_the_settings() -> None:
    """Each address that is asked without a check is one of `conf` (or of the table of vendors)."""
    asking = {str(each.relative_to(HOME)) for each in HOME.rglob("*.py") if "fetch_configured(" in each.read_text()}
    assert asking == {"accounts/breaches.py", "captcha/siteverify.py", "kernel/http_client.py"}
    for path in asking - {"kernel/http_client.py"}:
        source = (HOME / path).read_text()
        [fetch] = calls(source, "fetch_configured")
        assert isinstance(fetch.args[0], ast.Name)
        assert fetch.args[0].id == "url"
        [url] = [line.partition(" = ")[2] for line in source.splitlines() if line.strip().startswith("url = ")]
        assert url.startswith(('f"{conf.', "conf.")), url


def imported(module: Path) -> Iterator[str]:
    """The modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def calls(source: str, name: str) -> list[ast.Call]:
    """The calls of what has that plain name."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]
