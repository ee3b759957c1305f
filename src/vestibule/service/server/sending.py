"""A socket on which no thread waits: what a client does not take yet is kept, and sent on by the loop that accepts."""

import errno
import socket
from collections import deque
from contextlib import suppress
from typing import Any

MAX_KEPT_BYTES = 2 * 1024 * 1024  # bytes of one answer; only a document that is made as it goes has more
BLOCKING_TIMEOUT = 5.0  # seconds that a thread waits for the client of such a one


class NonBlockingSocket:
    """The socket of a connection, which never blocks; `unsent`: bytes of an answer that its client has not taken."""

    def __init__(self, client: socket.socket) -> None:
        client.setblocking(False)
        self._client = client
        self._pending = deque[memoryview]()
        self.unsent = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def setblocking(self, _: bool) -> None:
        """gunicorn's threads would block."""

    def sendall(self, answer: bytes) -> None:
        """What the client takes of it now; the rest is kept. Raises OSError: it is gone, or it takes too little of too
        much."""
        self._pending.append(memoryview(answer))
        self.unsent += len(answer)
        self.send_pending()
        if self.unsent > MAX_KEPT_BYTES:
            self._send_blocking()

    def send_pending(self) -> None:
        """What the client takes now of what was kept. Raises OSError."""
        with suppress(BlockingIOError):
            while self._pending:
                sent = self._client.send(self._pending[0])
                self.unsent -= sent
                self._pending[0] = self._pending[0][sent:]
                if not self._pending[0]:
                    self._pending.popleft()

    def _send_blocking(self) -> None:
        self._client.settimeout(BLOCKING_TIMEOUT)
        try:
            while self._pending:
                self._client.sendall(self._pending[0])
                self.unsent -= len(self._pending.popleft())
        except TimeoutError as slow:
            raise BrokenPipeError(errno.EPIPE, "The client does not read.") from slow
        finally:
            self._client.settimeout(0)
