"""A port of its own for the metrics of a worker, which serves nothing else (WORKER_METRICS_PORT)."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.service.ops.exposition import render_metrics
from vestibule.web.operators import is_operator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class MetricsServer(ThreadingMixIn, WSGIServer):
    """A thread a scrape."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of who went away, or sent nothing."""


class QuietRequestHandler(WSGIRequestHandler):
    """Prints nothing: standard output is for the logs."""

    timeout = 5.0  # seconds: who sends nothing, or does not read, holds a thread no longer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def listen_address() -> str:
    """Where the port is open: to this machine, and to others only where METRICS_TOKEN is asked of them."""
    return "0.0.0.0" if settings.METRICS_TOKEN else "127.0.0.1"  # noqa: S104


def serve_metrics(address: str, port: int) -> MetricsServer:
    """Serve the metrics at every path until the process ends, to whom `/metrics` is served."""
    server = make_server(address, port, _answer_scrape, server_class=MetricsServer, handler_class=QuietRequestHandler)
    Thread(target=server.serve_forever, name="vestibule-metrics", daemon=True).start()
    return server


def _answer_scrape(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    if not is_operator(environ):
        start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
        return []
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [render_metrics()]
