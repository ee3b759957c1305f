"""gunicorn with threads and a graceful end.

On SIGTERM, `/health/ready` answers 503 for WEB_DRAIN seconds while everything is served, so that a load balancer sends
no more requests. Then the listening sockets are closed (a connection is refused at once, never accepted and dropped),
and the current requests are answered.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from signal import SIGCHLD
from time import monotonic
from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from prometheus_client.multiprocess import mark_process_dead

from vestibule.accounts import password_validators
from vestibule.audit import daily_counts
from vestibule.kernel import hosts
from vestibule.service import celery
from vestibule.service.boot import freeze_garbage_collector, return_large_blocks
from vestibule.service.ops import health
from vestibule.service.server.open_connections import OpenConnections
from vestibule.service.server.receiving import ReceivingWorker, let_answers_be_held
from vestibule.service.worker.thread import EmbeddedWorker
from vestibule.service.wsgi import application

# Seconds after which a worker process without a heartbeat is killed; no request takes a fraction of it.
STUCK_TIMEOUT = 30
GRACEFUL_TIMEOUT = 20  # seconds for the current requests at the end
BOOT_TIMEOUT = 3  # seconds for a process to begin to accept
# Turns of the event loop, of some 15 microseconds, in which a connection is left to another process before this one,
# which has more, takes it all the same: the other may be busy.
TURNS_LEFT_TO_OTHERS = 40


class GracefulWorker(ReceivingWorker):
    """A worker process that takes its share of the connections, and closes its listening sockets when it ends.
    gunicorn's own keeps them open, so that the kernel accepts connections that nobody answers."""

    sockets: list[Any]
    open_connections: OpenConnections
    place: int | None = None  # among the processes; None for one more than there should be
    _leaves_one, _turns_waited = False, 0  # a connection that waits is left to others, and for how long by now

    @property
    def is_ending(self) -> bool:
        """In the parent: whether the process accepts no more."""
        return self.place is not None and self.open_connections.is_ending(self.place)

    def accept(self, listener: Any) -> bool:
        """Accept a connection, unless another process has fewer and takes it. Return whether there was one."""
        self._leaves_one = self._may_leave_one() and self.open_connections.has_too_many(self.nr_conns)
        if self._leaves_one:
            return False
        accepted = super().accept(listener)
        self._tell_others()
        return accepted

    def murder_pending(self) -> None:
        """After each event: tell the others, too, how many connections are open now."""
        super().murder_pending()
        self._turns_waited = self._turns_waited + 1 if self._leaves_one else 0
        self._leaves_one = False
        self._tell_others()

    def set_accept_enabled(self, enabled: bool) -> None:
        """On the first call, tell the others of this process. On the last, at the end, accept the connections that wait
        and close the listening sockets."""
        super().set_accept_enabled(enabled)
        self._tell_others()
        if not enabled and not self.alive:
            for door in self.sockets:
                self._accept_waiting(door)
                door.close()
            self.sockets = []
            self._ask_for_another()

    def _ask_for_another(self) -> None:
        """Have the parent begin another process now, not when this one has answered its last request."""
        if self.place is not None:
            self.open_connections.end_process(self.place)
        with suppress(OSError):  # it has ended too
            os.kill(self.ppid, SIGCHLD)

    def _may_leave_one(self) -> bool:
        return self.alive and self.place is not None and self._turns_waited < TURNS_LEFT_TO_OTHERS

    def _tell_others(self) -> None:
        if self.place is not None and self.alive:
            self.open_connections.set_count(self.place, self.nr_conns)

    def _accept_waiting(self, door: Any) -> None:
        door.setblocking(False)
        while self.accept(door):
            pass


class DrainingArbiter(Arbiter):  # type: ignore[misc]
    """The parent of the worker processes."""

    _num_workers: int

    def handle_term(self) -> None:
        """Report not ready, wait for WEB_DRAIN, then stop. A second signal ends the wait."""
        health.stop_being_ready()
        self._wait(settings.WEB_DRAIN, lambda: False)
        # If no process has the listening sockets when this one closes them, who waits there is cut.
        self._wait(BOOT_TIMEOUT, GracefulWorker.open_connections.has_processes, turn=0.05)
        super().handle_term()

    def manage_workers(self) -> None:
        """Begin and end processes until there are as many as there should be, beside those that are ending."""
        asked = self._num_workers
        self._num_workers = asked + sum(each.is_ending for each in self.WORKERS.values())
        super().manage_workers()
        self._num_workers = asked

    def _wait(self, seconds: float, enough: Callable[[], bool], turn: float = 1.0) -> None:
        """Care for the workers, as the main loop does, until it is enough or another signal comes."""
        end = monotonic() + seconds
        while not enough() and (left := end - monotonic()) > 0:
            if not set(self.wait_for_signals(timeout=min(left, turn))) <= {SIGCHLD}:
                return
            self.reap_workers()
            self.murder_workers()
            self.manage_workers()


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by our settings."""

    def load_config(self) -> None:
        """Set the options."""
        options: dict[str, Any] = {
            "bind": f"{hosts.bracket_ipv6(settings.BIND)}:{settings.PORT}",
            "workers": settings.WEB_PROCESSES,
            "worker_class": GracefulWorker,
            "threads": settings.WEB_THREADS,
            "timeout": STUCK_TIMEOUT,
            "graceful_timeout": GRACEFUL_TIMEOUT,
            "keepalive": 5,
            "sendfile": False,  # it would block the event loop
            "max_requests": settings.WEB_MAX_REQUESTS,
            "max_requests_jitter": settings.WEB_MAX_REQUESTS // 10,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "when_ready": _load_before_fork,
            "pre_fork": _give_place,
            "post_worker_init": _start_worker_process,
            "worker_exit": _stop_worker_process,
            "child_exit": _forget_worker,
            "forwarded_allow_ips": "",  # `web.edge` decides which proxies are trusted
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application that the workers serve."""
        return let_answers_be_held(application)

    def run(self) -> None:
        """Serve until stopped."""
        DrainingArbiter(self).run()


def keep_at_hand(config: Config) -> None:
    """Make each setting an attribute. gunicorn looks for one in two objects by a function of its own, some twenty times
    a request."""
    vars(config).update({name: setting.get() for name, setting in config.settings.items()})


def _load_before_fork(server: object) -> None:
    """Load before the fork what would otherwise delay a request and use memory in each process: Celery's transport and
    the lists of common passwords. And make what the processes share, with two places for each: at a reload (SIGHUP) the
    new ones begin before the old end."""
    GracefulWorker.open_connections = OpenConnections(2 * settings.WEB_PROCESSES)
    if settings.CELERY_BROKER_URL:
        celery.app.finalize()
        celery.app.connection_for_write().release()
    password_validators.load_lists()
    freeze_garbage_collector()


def _give_place(server: Any, worker: Any) -> None:
    """Give a worker a place that none of the living has."""
    taken = {each.place for each in server.WORKERS.values()}
    worker.place = min(set(GracefulWorker.open_connections.places) - taken, default=None)


def _start_worker_process(worker: Any) -> None:
    """In the forked process: settle its memory, and start the embedded worker, if there is no broker."""
    freeze_garbage_collector()
    return_large_blocks()
    keep_at_hand(worker.cfg)
    if not settings.CELERY_BROKER_URL:
        worker.courier = EmbeddedWorker()


def _stop_worker_process(server: object, worker: Any) -> None:
    """Before the process ends, write the daily counts and finish the current message."""
    daily_counts.daily_counter.flush()
    if courier := getattr(worker, "courier", None):
        courier.stop()


def _forget_worker(server: object, worker: Any) -> None:
    """Free the place of a process that ended, and drop its gauges; its counters stay."""
    if worker.place is not None:
        worker.open_connections.remove_process(worker.place)
    if settings.METRICS_DIR:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # theirs
