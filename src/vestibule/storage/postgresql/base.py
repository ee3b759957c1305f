"""The Django database backend (ENGINE) for PostgreSQL."""

import select
from functools import cached_property
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from django.db.utils import DatabaseErrorWrapper
from django.utils.asyncio import async_unsafe
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

# SQLSTATEs (PostgreSQL, appendix A) of temporary failures for which psycopg raises no OperationalError, as it does for
# the classes 08, 40, 53, 55, 57 and 58: a primary that became a standby, a transaction that the server ended, a
# statement prepared before a migration. The connection must be replaced.
TRANSIENT_SQLSTATES = frozenset({"25006", "25P03", "25P04", "0A000"})
T = TypeVar("T")


class Connection(psycopg.Connection[Any]):
    """psycopg's connection, which waits at most `patience` seconds for an answer; None waits for ever.

    The server's own `statement_timeout` ends nothing if the server or the network is silent.
    """

    patience: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the server, at most `patience` seconds. psycopg does all its waiting here: statements, fetches,
        commits.

        It is not documented, hence the ceiling in pyproject.toml. A connection on which an answer may still arrive is
        closed.

        Raises:
            OperationalError: the server did not answer in time.
        """
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's backend, with a cheaper CONN_HEALTH_CHECKS, with temporary failures as OperationalError, and with a
    limit on waiting (`patience` in OPTIONS)."""

    must_reconnect = False

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters for psycopg."""
        params = super().get_connection_params()
        params.pop("patience", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Return a connection of our class. Django's OPTIONS `isolation_level` and `pool` are not read."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        connection = Connection.connect(**conn_params)
        connection.patience = self.settings_dict["OPTIONS"].get("patience")
        connection.adapters.register_loader("timestamptz", TimestamptzLoader)
        return connection

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> "psycopg.Cursor[Any] | psycopg.ServerCursor[Any]":
        """Return a cursor that reads moments by psycopg's loader, which is in C where that is installed: they are in
        the time zone of the connection, which is UTC. Django's sets the time zone of each one in Python, and looks for
        each cursor whether it is registered."""
        connection: Connection = self.connection
        if name:
            return connection.cursor(name, scrollable=False, withhold=connection.autocommit)
        return connection.cursor()

    def connect(self) -> None:
        """Open a new connection."""
        self.must_reconnect = False
        super().connect()

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Turns every temporary failure into an OperationalError, which a flow turns into Unavailable."""
        return _TransientErrorWrapper(self)

    def is_usable(self) -> bool:
        """Return whether the connection can still be used. Django asks once in each request.

        If the server hung up (a restart, a failover), there is something to read on the socket; only then a query
        checks it, which saves a round trip. After a temporary failure the connection is replaced: a demoted primary
        keeps its connections, and a new one leads to the new primary.
        """
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
    """Django's mapping of psycopg's exceptions, preceded by ours, by SQLSTATE."""

    wrapper: DatabaseWrapper

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc_value, psycopg.Error) and exc_value.sqlstate in TRANSIENT_SQLSTATES:
            self.wrapper.must_reconnect = self.wrapper.errors_occurred = True
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)
