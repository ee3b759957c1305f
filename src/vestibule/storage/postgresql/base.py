"""The database backend (ENGINE) for PostgreSQL."""

import select
from functools import cached_property
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from django.db.utils import DatabaseErrorWrapper
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

# SQLSTATEs that mean "not now, and not on this connection" (PostgreSQL, appendix A), and that psycopg does not call an
# OperationalError, as it does the classes 08, 40, 53, 55, 57 and 58: a server that takes no writes any more (a primary
# that became a standby), a transaction that the server ended, a statement prepared before a migration.
TRANSIENT_SQLSTATES = frozenset({"25006", "25P03", "25P04", "0A000"})
T = TypeVar("T")


class Connection(psycopg.Connection[Any]):
    """psycopg's own, which waits for no answer longer than `patience` seconds; None waits for ever.

    `statement_timeout` is the server's: it ends nothing where the server, or the way to it, is silent but stands."""

    patience: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Whatever psycopg asks the server goes through here: statements, fetches, commits. Not documented, hence the
        ceiling in pyproject.toml. A connection on which the answer may still come is of no use: it is closed.

        Raises psycopg.OperationalError."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for CONN_HEALTH_CHECKS, for what a server can't do now, and for one that does not answer:
    OPTIONS has `patience`."""

    must_reconnect = False

    def get_connection_params(self) -> dict[str, Any]:
        """What psycopg is given."""
        params = super().get_connection_params()
        params.pop("patience", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """One of ours. Django's OPTIONS `isolation_level` and `pool` are not read."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        connection = Connection.connect(**conn_params)
        connection.patience = self.settings_dict["OPTIONS"].get("patience")
        return connection

    def connect(self) -> None:
        """A new connection."""
        self.must_reconnect = False
        super().connect()

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Whatever means "not now" is an OperationalError, for all callers: Unavailable, and no defect of ours."""
        return _TransientErrorWrapper(self)

    def is_usable(self) -> bool:
        """Whether the kept connection still stands; asked once a request. A server that hung up (a restart, a failover,
        a cut) leaves something to read on the socket: only then is it asked, instead of a round trip each time. One
        that said NOT_NOW is left: a demoted primary keeps its connections, and the next leads to the new one."""
        if self.connection is None or self.must_reconnect:
            return False
        try:
            socket = self.connection.fileno()
        except psycopg.Error:  # closed, or broken in its last use
            return False
        waiting = select.poll()
        waiting.register(socket, select.POLLIN)
        return not waiting.poll(0) or bool(super().is_usable())


class _TransientErrorWrapper(DatabaseErrorWrapper):
    """Django's table from psycopg's exceptions to its own, by class; and ours, by SQLSTATE, before it."""

    wrapper: DatabaseWrapper

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc_value, psycopg.Error) and exc_value.sqlstate in TRANSIENT_SQLSTATES:
            self.wrapper.must_reconnect = self.wrapper.errors_occurred = True
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)
