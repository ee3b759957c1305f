"""A real OpenID provider on a local port: oidc-provider-mock of PyPI, which is Authlib's server."""

import json
import os
import subprocess
import sys
import urllib.request
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.providers import CLIENT_ID, SECRET, Person
from tests.servers import free_port, until


class RealProvider:
    """github.com/geigerzaehler/oidc-provider-mock, as a process: Authlib's server, its RS256 key and its pages."""

    def __init__(self) -> None:
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "oidc_provider_mock",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        environ = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        self._process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._is_up, "the OpenID provider")

    def settings(self) -> dict[str, str]:
        """What stands in SOCIAL of it."""
        return {"issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": SECRET}

    def know(self, person: Person) -> None:
        """Let somebody have an account there."""
        claims = {name: value for name, value in person.claims().items() if name != "sub"}
        self._send("PUT", f"/users/{person.sub}", json.dumps(claims), "application/json")

    def authorize(self, url: str, person: Person, *, agrees: bool = True) -> dict[str, str]:
        """The person fills in its form: what they are sent back with."""
        form = {"sub": person.sub} if agrees else {"action": "deny"}
        sent = self._send("POST", url.removeprefix(self.issuer), urlencode(form), "application/x-www-form-urlencoded")
        return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _send(self, method: str, path: str, body: str, kind: str) -> HTTPResponse | HTTPError:
        request = urllib.request.Request(self.issuer + path, body.encode(), {"Content-Type": kind}, method=method)
        try:
            found: HTTPResponse = urllib.request.build_opener(NoRedirect).open(request, timeout=10)
            return found
        except HTTPError as redirect:
            return redirect

    def _is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.issuer}/jwks", timeout=1).close()
        except (URLError, ConnectionError):
            return False
        return True


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Stay."""
