"""A real OpenID provider that demands PKCE and checks the verifier: django-oauth-toolkit, as a process of its own."""

import os
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlsplit

from tests.providers import CLIENT_ID, SECRET
from tests.real_provider import NoRedirect
from tests.servers import free_port, until


class ToolkitProvider:
    """The process, for as long as it is not stopped."""

    def __init__(self, callback: str) -> None:
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}/o"
        command = [sys.executable, "-W", "ignore", "-m", "tests.toolkit_service", str(port), callback]
        environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
        self._process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._is_up, "the OpenID provider")

    def settings(self) -> dict[str, str]:
        """What stands in SOCIAL of it."""
        return {"issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": SECRET}

    def authorize(self, url: str) -> dict[str, str]:
        """Ada agrees at once: what she is sent back with."""
        try:
            urllib.request.build_opener(NoRedirect).open(url, timeout=10)
        except HTTPError as redirect:
            return dict(parse_qsl(urlsplit(redirect.headers["Location"]).query))
        raise AssertionError("no redirect")

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=1).close()
        except (URLError, ConnectionError):
            return False
        return True
