"""The Celery application: it wakes and parallelises the delivery, and schedules the sweeps. JSON only (ASVS 1.5.2)."""

from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun
from django.conf import settings
from django.db import close_old_connections

from vestibule.service.boot import set_default_settings_module
from vestibule.storage import redis_client

set_default_settings_module()
app = Celery("vestibule")
app.set_default()  # in every thread of a web process, not only in the one that imports this
_broker = redis_client.celery_broker_options(settings.CELERY_BROKER_URL)
_broker_timeouts = {"socket_connect_timeout": 1, "socket_timeout": 5, "visibility_timeout": 600}
app.conf.update(
    broker_url=_broker["broker_url"],
    broker_use_ssl=_broker["broker_use_ssl"],
    broker_transport_options=_broker_timeouts | _broker["broker_transport_options"],
    broker_connection_timeout=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # retries for ever
    broker_channel_error_retry=True,  # a Redis that is full refuses an acknowledgement, which would end the worker
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    worker_pool="threads",  # one process instead of one more than there are tasks at once (docs/decisions/0182)
    worker_prefetch_multiplier=1,
    timezone="UTC",
    beat_schedule={
        "deliver": {"task": "vestibule.deliver", "schedule": 5, "options": {"expires": 5}},
        "sweep": {"task": "vestibule.sweep", "schedule": 60, "options": {"expires": 60}},
    },
    imports=["vestibule.service.worker.tasks", "vestibule.service.worker.schedule"],
)
# By default Celery closes the database connection around each task, and a new one costs PostgreSQL more than a
# delivery.
app.conf["CELERY_DB_REUSE_MAX"] = 1000


@task_prerun.connect
def close_stale_connections(**_: Any) -> None:
    """Before each task, as before each request, replace a connection that the server closed."""
    close_old_connections()


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Do nothing: with a receiver here, Celery does not replace Django's LOGGING."""
