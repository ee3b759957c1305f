"""The content of `/metrics`: the counts of every process of this machine, and values read from the database on request.

Several processes (web, and a worker beside it that shares METRICS_DIR) write files that are added up here. The values
from the database are the same on every machine: over several machines take their maximum.
"""

import platform
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from vestibule.courier.backlog import Backlog, measure_backlog
from vestibule.kernel.cached import Cached
from vestibule.limits import heartbeat

CACHED_FOR = timedelta(seconds=5)  # how long the values from the database are cached

log = structlog.get_logger("vestibule.metrics")


class DeploymentCollector(Collector):
    """Metrics that are the same for every process: the build, the outbox, the last sweep."""

    def __init__(self, fresh: timedelta = CACHED_FOR) -> None:
        self._metrics = Cached(_read_deployment_metrics, keep_for=fresh.total_seconds())

    def collect(self) -> Iterator[Metric]:
        """Return the build always, the rest if the database answers."""
        yield _build_info_metric()
        yield from self._metrics.get()


def render_metrics() -> bytes:
    """Return the text of every metric."""
    counted = REGISTRY
    if settings.METRICS_DIR:
        counted = CollectorRegistry()
        MultiProcessCollector(counted, path=settings.METRICS_DIR)  # type: ignore[no-untyped-call]  # theirs
    return generate_latest(counted) + generate_latest(_deployment_registry)


def _build_info_metric() -> Metric:
    family = GaugeMetricFamily("vestibule_build_info", "What runs.", labels=["version", "python"])
    family.add_metric([version("vestibule"), platform.python_version()], 1)
    return family


def _read_deployment_metrics() -> list[Metric]:
    try:
        return list(_outbox_metrics(measure_backlog(timezone.now()))) + list(_sweep_metrics())
    except (DatabaseError, InterfaceError) as error:
        log.warning("metrics.unread", error=type(error).__name__)
        return []


def _outbox_metrics(now: Backlog) -> Iterator[Metric]:
    depth = GaugeMetricFamily("vestibule_outbox_messages", "Messages that wait, by state.", labels=["state"])
    for state, count in now.waiting.items():
        depth.add_metric([state], count)
    yield depth
    yield GaugeMetricFamily("vestibule_outbox_oldest_seconds", "Age of the oldest that waits.", now.oldest_seconds)
    words = "For how long the one longest due has waited to be taken in hand."
    yield GaugeMetricFamily("vestibule_outbox_overdue_seconds", words, now.overdue_seconds)


def _sweep_metrics() -> Iterator[Metric]:
    last = heartbeat.last_sweeps_at()
    words = "When the sweeps last ran: beat rang and a worker heard. 0: never."
    yield GaugeMetricFamily("vestibule_last_sweep_timestamp_seconds", words, last.timestamp() if last else 0)


_deployment_registry = CollectorRegistry()
_deployment_registry.register(DeploymentCollector())
