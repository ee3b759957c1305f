"""What a socket receives, until a deadline: a socket's own time-out begins anew with each byte, so that a server that
drips its answer would hold a thread for as long as it likes."""

from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any


class DeadlineReader(RawIOBase):
    """The bytes that a socket receives within so many seconds from now. Reading raises TimeoutError after that."""

    def __init__(self, source: socket, seconds: float) -> None:
        self._socket, self._deadline = source, monotonic() + seconds
        self._file: Any = source.makefile("rb", buffering=0)  # holds the socket open while somebody reads

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived, at most as much as the buffer holds."""
        self._socket.settimeout(seconds_until(self._deadline))
        received: int | None = self._file.readinto(buffer)
        return received

    def close(self) -> None:
        """Let the socket go."""
        self._file.close()
        super().close()


def open_deadline_reader(source: socket, seconds: float) -> BufferedReader:
    """Return the bytes of the socket as a buffered file that ends after so many seconds."""
    return BufferedReader(DeadlineReader(source, seconds))


def seconds_until(deadline: float) -> float:
    """Return the seconds that are left until a moment of `time.monotonic`. Raises TimeoutError: none are."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
