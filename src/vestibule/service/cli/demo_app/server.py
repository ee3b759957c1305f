"""The server of the demo app: its one page, and what verifies access tokens by the published keys."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

FOLDER = Path(__file__).parent
HOST = "127.0.0.1"
CLIENT_ID = "orchard-demo"  # by which the service knows the app (OpenID Connect)
FILES = {
    "/": ("index.html", "text/html"),
    "/demo.js": ("demo.js", "text/javascript"),
    "/demo.css": ("demo.css", "text/css"),
}


class DemoServer(ThreadingHTTPServer):
    """Serves the demo app on this machine alone. `house` is the address of the service that it uses,
    `keys_url` that of its public keys."""

    daemon_threads = True

    def __init__(self, port: int, *, house: str, keys_url: str) -> None:
        super().__init__((HOST, port), DemoRequestHandler)
        self.house = house
        self.keys = jwt.PyJWKClient(keys_url)


class DemoRequestHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: DemoServer

    def do_GET(self) -> None:
        """Send a file, or who the bearer of the access token is."""
        path = urlsplit(self.path).path
        if path == "/whoami":
            self._send_bearer()
        elif path in FILES:
            name, kind = FILES[path]
            text = (FOLDER / name).read_text(encoding="utf-8")
            text = text.replace("{{house}}", self.server.house).replace("{{client_id}}", CLIENT_ID)
            self._send(HTTPStatus.OK, kind, text)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", "Nothing is here.\n")

    def _send_bearer(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = self._verify(token)
        except jwt.PyJWTError as refused:
            self._send(HTTPStatus.UNAUTHORIZED, "application/json", json.dumps({"refused": str(refused)}))
        else:
            self._send(HTTPStatus.OK, "application/json", json.dumps({"sub": claims["sub"], "exp": claims["exp"]}))

    def _verify(self, token: str) -> dict[str, Any]:
        house = self.server.house
        key = self.server.keys.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=["ES256"], audience=house, issuer=house)

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", f"default-src 'self'; connect-src 'self' {self.server.house}; base-uri 'none'"
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal shows the log of the service."""
