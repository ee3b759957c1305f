"""Reading from a socket until a deadline. A socket's own time-out starts anew with each byte, so a server that drips
its answer could block a thread for any time."""

from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any


class DeadlineReader(RawIOBase):
    """Reads from a socket until a deadline, then raises TimeoutError."""

    def __init__(self, source: socket, seconds: float) -> None:
        self._socket = source
        self.restart(seconds)
        self._file: Any = source.makefile("rb", buffering=0)  # keeps the socket open until this is closed

    def restart(self, seconds: float) -> None:
        """Let so many seconds pass from now on."""
        self._deadline = monotonic() + seconds

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived, at most as much as the buffer holds."""
        self._socket.settimeout(seconds_until(self._deadline))
        received: int | None = self._file.readinto(buffer)
        return received

    def close(self) -> None:
        """Release the socket."""
        self._file.close()
        super().close()


def open_deadline_reader(source: socket, seconds: float) -> BufferedReader:
    """Return a buffered file that reads from the socket for `seconds` at most."""
    return BufferedReader(DeadlineReader(source, seconds))


def seconds_until(deadline: float) -> float:
    """Return the seconds left until a moment of `time.monotonic`.

    Raises:
        TimeoutError: none are left.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
