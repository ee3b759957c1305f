"""`vestibule serve`: gunicorn with threads; in the embedded mode also the worker, as a thread of the one process."""

import atexit
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess

from vestibule.audit import tallies
from vestibule.boot import settle
from vestibule.skins.worker import thread
from vestibule.wsgi import application


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn, configured by our settings."""

    def load_config(self) -> None:
        """Hand the options over."""
        options: dict[str, Any] = {
            "bind": f"{settings.BIND}:{settings.PORT}",
            "workers": settings.WEB_PROCESSES,
            "worker_class": "gthread",
            "threads": settings.WEB_THREADS,
            "timeout": 30,
            "graceful_timeout": 20,
            "keepalive": 5,
            "limit_request_field_size": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "post_worker_init": _begin_work,
            "child_exit": _forget_metrics,
            "forwarded_allow_ips": "",  # who is a trusted proxy, and what it may say, is decided at our edge
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application that the workers serve."""
        return application


class Command(BaseCommand):
    """Serve the API and the pages."""

    help = "Serve the API and the pages (PORT, WEB_PROCESSES, WEB_THREADS)."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Say where everything is, and serve until told to stop."""
        self.stdout.write(f"vestibule  {settings.BASE_URL}/register/")
        self.stdout.write(f"API docs   {settings.BASE_URL}/api/docs")
        if settings.MAILBOX:
            self.stdout.write(f"mailbox    {settings.BASE_URL}/dev/mailbox/")
        self.stdout.flush()
        for left_over in Path(settings.METRICS_DIR).glob("*.db") if settings.METRICS_DIR else ():
            left_over.unlink()
        sys.argv = sys.argv[:1]  # gunicorn would read ours
        Server().run()


def _begin_work(worker: object) -> None:
    """In the forked process: the embedded worker, where no broker wakes others."""
    settle()
    atexit.register(tallies.notebook.write)
    if not settings.CELERY_BROKER_URL:
        thread.start()


def _forget_metrics(server: object, worker: Any) -> None:
    """The gauges of a process that ended count no more."""
    if settings.METRICS_DIR:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # theirs
