"""gunicorn as we run it: threads, and an end that cuts nobody off.

SIGTERM: `/health/ready` says 503 for WEB_DRAIN seconds while everything is served, so that a balancer sends no more;
then the door is shut (a connection is refused at once, never taken and dropped), and what is in hand is answered.
"""

from signal import SIGCHLD
from time import monotonic
from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from prometheus_client.multiprocess import mark_process_dead

from vestibule import celery
from vestibule.audit import tallies
from vestibule.boot import settle
from vestibule.settings import hosts
from vestibule.skins.cli.receiving import ReceivingWorker
from vestibule.skins.ops import health
from vestibule.skins.worker.thread import Courier
from vestibule.wsgi import application

STUCK = 30  # seconds without a sign of life of a process, which is then killed; no request takes a fraction of it
GRACE = 20  # seconds for what is in hand at the end


class Worker(ReceivingWorker):
    """A process of threads that closes its door when it goes: gunicorn's own keeps it open, so that the kernel takes
    connections which nobody answers, and cuts them at the end."""

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:
        """Also the last one that is called, at the end: take who stands at the door already, and close it."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for door in self.sockets:
                self._empty(door)
                door.close()
            self.sockets = []

    def _empty(self, door: Any) -> None:
        door.setblocking(False)
        while self.accept(door):
            pass


class Master(Arbiter):  # type: ignore[misc]
    """The parent of the processes."""

    def handle_term(self) -> None:
        """Not ready from now on, and gone after WEB_DRAIN; a second signal ends the wait."""
        health.leave()
        end = monotonic() + settings.WEB_DRAIN
        while (left := end - monotonic()) > 0 and set(self.wait_for_signals(timeout=left)) <= {SIGCHLD}:
            self.reap_workers()
        super().handle_term()


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by our settings."""

    def load_config(self) -> None:
        """Hand the options over."""
        options: dict[str, Any] = {
            "bind": f"{hosts.bracketed(settings.BIND)}:{settings.PORT}",
            "workers": settings.WEB_PROCESSES,
            "worker_class": Worker,
            "threads": settings.WEB_THREADS,
            "timeout": STUCK,
            "graceful_timeout": GRACE,
            "keepalive": 5,
            "sendfile": False,  # it would block
            "max_requests": settings.WEB_MAX_REQUESTS,
            "max_requests_jitter": settings.WEB_MAX_REQUESTS // 10,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "when_ready": _before_forking,
            "post_worker_init": _begin_work,
            "worker_exit": _end_work,
            "child_exit": _forget_metrics,
            "forwarded_allow_ips": "",  # who is a trusted proxy, and what it may say, is decided at our edge
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application that the workers serve."""
        return application

    def run(self) -> None:
        """Serve until told to stop."""
        Master(self).run()


def _before_forking(server: object) -> None:
    """What is loaded now is shared, and no request waits for it: Celery loads its transport when it is first used."""
    if settings.CELERY_BROKER_URL:
        celery.app.finalize()
        celery.app.connection_for_write().release()
    settle()


def _begin_work(worker: Any) -> None:
    """In the forked process: the embedded worker, where no broker wakes others."""
    settle()
    if not settings.CELERY_BROKER_URL:
        worker.courier = Courier()


def _end_work(server: object, worker: Any) -> None:
    """What is counted is written, and the message in hand goes out, before the process goes."""
    tallies.notebook.write()
    if courier := getattr(worker, "courier", None):
        courier.stop()


def _forget_metrics(server: object, worker: Any) -> None:
    """The gauges of a process that ended count no more, its counters stay."""
    if settings.METRICS_DIR:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # theirs
