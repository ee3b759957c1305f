"""The database backend (ENGINE) for PostgreSQL."""

import select
from functools import cached_property
from types import TracebackType

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper

# SQLSTATEs that mean "not now, and not on this connection" (PostgreSQL, appendix A), and that psycopg does not call an
# OperationalError, as it does the classes 08, 40, 53, 55, 57 and 58: a server that takes no writes any more (a primary
# that became a standby), a transaction that the server ended, a statement prepared before a migration.
NOT_NOW = frozenset({"25006", "25P03", "25P04", "0A000"})


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for CONN_HEALTH_CHECKS, and for what a server can't do now."""

    in_doubt = False

    def connect(self) -> None:
        """A new connection."""
        self.in_doubt = False
        super().connect()

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Whatever means "not now" is an OperationalError, for all callers: Unavailable, and no defect of ours."""
        return _NotNow(self)

    def is_usable(self) -> bool:
        """Whether the kept connection still stands; asked once a request. A server that hung up (a restart, a failover,
        a cut) leaves something to read on the socket: only then is it asked, instead of a round trip each time. One
        that said NOT_NOW is left: a demoted primary keeps its connections, and the next leads to the new one."""
        if self.connection is None or self.in_doubt:
            return False
        try:
            socket = self.connection.fileno()
        except psycopg.Error:  # closed, or broken in its last use
            return False
        waiting = select.poll()
        waiting.register(socket, select.POLLIN)
        return not waiting.poll(0) or bool(super().is_usable())


class _NotNow(DatabaseErrorWrapper):
    """Django's table from psycopg's exceptions to its own, by class; and ours, by SQLSTATE, before it."""

    wrapper: DatabaseWrapper

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(exc_value, psycopg.Error) and exc_value.sqlstate in NOT_NOW:
            self.wrapper.in_doubt = self.wrapper.errors_occurred = True
            raise OperationalError(*exc_value.args).with_traceback(traceback) from exc_value
        super().__exit__(exc_type, exc_value, traceback)
