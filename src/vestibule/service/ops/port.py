"""A separate port for the metrics of a worker, which serves no other requests (WORKER_METRICS_PORT)."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from vestibule.conf import conf
from vestibule.service.ops.exposition import render_metrics
from vestibule.web.operators import is_operator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class MetricsServer(ThreadingMixIn, WSGIServer):
    """A server with a thread for each scrape."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about clients that disconnect or send nothing."""


class QuietRequestHandler(WSGIRequestHandler):
    """A handler that prints nothing, because standard output is for the logs."""

    timeout = 5.0  # seconds that a client which sends or reads nothing can block a thread

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def listen_address() -> str:
    """Return the address to listen on: this machine only, unless METRICS_TOKEN protects the metrics."""
    return "0.0.0.0" if conf.metrics_token else "127.0.0.1"  # noqa: S104


def serve_metrics(address: str, port: int) -> MetricsServer:
    """Serve the metrics at every path until the process ends, under the same access rule as `/metrics`."""
    server = make_server(address, port, _answer_scrape, server_class=MetricsServer, handler_class=QuietRequestHandler)
    Thread(target=server.serve_forever, name="vestibule-metrics", daemon=True).start()
    return server


def _answer_scrape(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    if not is_operator(environ):
        start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
        return []
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [render_metrics()]
