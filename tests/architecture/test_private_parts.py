"""What we lean on of libraries that is no public interface: each has a ceiling in pyproject.toml, and fails here where
it moves (gunicorn: test_server.py)."""

import inspect
from collections.abc import Callable
from importlib.metadata import requires

import psycopg
import pytest
from celery.worker import state
from django.contrib.auth import get_user_model
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import forbid_multi_line_headers, sanitize_address
from django.db.models.query import get_related_populators
from django.template.loader import get_template
from django.utils.log import log_response
from limits.storage import RedisClusterStorage
from packaging.requirements import Requirement
from redis import RedisCluster
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry

from vestibule.sessions.models import Session


def django() -> None:
    """storage/prepared.py, storage/rows.py, web/repeated_refusals.py, courier/transports/smtp.py and mime.py."""
    assert list(inspect.signature(get_related_populators).parameters) == ["klass_info", "select", "db"]
    compiler = Session.objects.select_related("user").query.get_compiler("default")
    compiler.as_sql()
    assert compiler.klass_info is not None
    assert {"select_fields", "related_klass_infos"} <= set(compiler.klass_info)
    assert compiler.select[compiler.klass_info["select_fields"][0]][0].target.attname == "id"
    row_state = get_user_model()()._state
    assert (row_state.adding, row_state.db) == (True, None)
    assert '"_has_been_logged"' in inspect.getsource(log_response)
    assert "self._send(message)" in inspect.getsource(EmailBackend.send_messages)
    assert forbid_multi_line_headers("To", "ada@bücher.example", "utf-8") == ("To", "ada@xn--bcher-kva.example")
    assert sanitize_address("ada@bücher.example", "utf-8") == "ada@xn--bcher-kva.example"


def celery() -> None:
    """The worker's command looks at whether a signal has come."""
    assert (state.should_stop, state.should_terminate) == (None, None)


def psycopg_() -> None:
    """storage/postgresql/base.py bounds every wait in this method."""
    assert list(inspect.signature(psycopg.Connection.wait).parameters) == ["self", "gen", "interval", "timeout"]
    for asks in (psycopg.Connection.commit, psycopg.Connection.rollback, psycopg.Cursor.execute):
        assert "wait(" in inspect.getsource(asks)


def redis() -> None:
    """storage/redis_client.py: not in the package's __all__."""
    assert Retry(NoBackoff(), 1).get_retries() == 1
    assert {"startup_nodes"} <= set(inspect.signature(RedisCluster.__init__).parameters)
    assert list(inspect.signature(ClusterNode.__init__).parameters)[1:3] == ["host", "port"]


def limits() -> None:
    """limits/rate_counters.py gives the storage of a cluster a client of ours."""
    source = inspect.getsource(RedisClusterStorage.__init__)
    assert all(f"self.{name}" in source for name in ("storage", "key_prefix", "initialize_storage"))


def django_unfold() -> None:
    """Our templates of the admin are made of theirs."""
    for name in ("change_list_filter.html", "pagination.html"):
        get_template(f"unfold/helpers/{name}")


LEANT_ON: dict[str, Callable[[], None]] = {
    "django": django,
    "celery": celery,
    "psycopg": psycopg_,
    "redis": redis,
    "limits": limits,
    "django-unfold": django_unfold,
}
CEILINGS = {
    wanted.name
    for wanted in map(Requirement, requires("vestibule") or [])
    if any(each.operator in ("<", "<=", "==", "~=") for each in wanted.specifier)
}


@pytest.mark.parametrize("library", LEANT_ON)
def test_what_we_lean_on_is_there(library: str) -> None:
    LEANT_ON[library]()


def test_what_we_lean_on_has_a_ceiling_and_nothing_else_has_one() -> None:
    assert {*LEANT_ON, "gunicorn"} == CEILINGS
