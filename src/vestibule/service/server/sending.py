"""A socket that never blocks a thread: what a client does not accept yet is kept, and sent by the event loop."""

import errno
import socket
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any

MAX_KEPT_BYTES = 2 * 1024 * 1024  # of one answer; only a streamed document has more
BLOCKING_TIMEOUT = 5.0  # seconds that a thread waits for the client of a streamed document


class NonBlockingSocket:
    """The socket of a connection, which never blocks. `unsent` counts the bytes that the client has not accepted."""

    def __init__(self, client: socket.socket) -> None:
        client.setblocking(False)
        self._client = client
        self._pending = deque[memoryview]()
        self.unsent = 0
        self.held_until = 0.0  # when an answer that is held back is sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def setblocking(self, _: bool) -> None:
        """Do nothing: gunicorn's threads would make it block."""

    def hold(self, seconds: float) -> None:
        """Keep the answer that is about to be written, until so many seconds have passed."""
        self.held_until = monotonic() + seconds

    def sendall(self, answer: bytes) -> None:
        """Send what the client accepts now, and keep the rest; all of it while the answer is held.

        Raises:
            OSError: the client disconnected, or reads too slowly for a long document.
        """
        self._pending.append(memoryview(answer))
        self.unsent += len(answer)
        if not self.held_until:
            self.send_pending()
        if self.unsent > MAX_KEPT_BYTES:
            self._send_blocking()

    def send_pending(self) -> None:
        """Send what the client accepts now of the kept bytes.

        Raises:
            OSError: the client disconnected.
        """
        self.held_until = 0.0
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
