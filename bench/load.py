"""The load client: HTTP/1.1 over plain asyncio streams; connections kept open, each asking one after the other."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

BUSY = 503


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `note` comes back with the answer."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    access: str = ""
    note: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        body = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: bench"]
        if self.access:
            lines.append(f"Authorization: Bearer {self.access}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and after how many seconds."""

    ask: Ask
    status: int
    seconds: float
    body: bytes = field(repr=False)

    @property
    def json(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass(slots=True)
class Ran:
    """What came of it: the answers, how often one was told to come later, and the seconds that all of it took."""

    answers: list[Answer] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0


def run(port: int, asks: Iterable[Ask], concurrency: int) -> Ran:
    """Ask all of them over so many connections."""
    ran = Ran()
    began = perf_counter()
    asyncio.run(_all(port, iter(asks), ran, concurrency))
    ran.seconds = perf_counter() - began
    return ran


async def _all(port: int, waiting: Iterator[Ask], ran: Ran, concurrency: int) -> None:
    await asyncio.gather(*(_one(port, waiting, ran) for _ in range(concurrency)))


async def _one(port: int, waiting: Iterator[Ask], ran: Ran) -> None:
    """One connection, opened anew where the server closed it between two requests."""
    connection = await asyncio.open_connection("127.0.0.1", port)
    for ask in waiting:
        status = BUSY
        while status == BUSY:
            began = perf_counter()
            try:
                status, body, closes = await _asked(*connection, ask)
            except (asyncio.IncompleteReadError, ConnectionError):
                status, body, closes = 0, b"", True
            if status == BUSY:
                ran.refused += 1
                await asyncio.sleep(1)  # as its Retry-After says
            if closes:
                connection[1].close()
                connection = await asyncio.open_connection("127.0.0.1", port)
        ran.answers.append(Answer(ask, status, perf_counter() - began, body))
    connection[1].close()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ask: Ask) -> tuple[int, bytes, bool]:
    """Status, body, and whether the server closes the connection."""
    writer.write(ask.encoded())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status, closes = int(head[9:12]), b"connection: close" in head
    if b"transfer-encoding: chunked" in head:
        return status, await _chunks(reader), closes
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return status, await reader.readexactly(int(length or 0)), closes


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A body in chunks (RFC 9112, 7.1)."""
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readuntil(b"\r\n")
    await reader.readuntil(b"\r\n")
    return body
