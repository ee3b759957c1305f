"""The database backend (ENGINE) for PostgreSQL."""

import select

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for CONN_HEALTH_CHECKS."""

    def is_usable(self) -> bool:
        """Whether the kept connection still stands; asked once a request. A server that hung up (a restart, a failover,
        a cut) leaves something to read on the socket: only then is it asked, instead of a round trip each time."""
        if self.connection is None:
            return False
        try:
            socket = self.connection.fileno()
        except psycopg.Error:  # closed, or broken in its last use
            return False
        waiting = select.poll()
        waiting.register(socket, select.POLLIN)
        return not waiting.poll(0) or bool(super().is_usable())
