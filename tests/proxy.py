"""A TCP proxy that a test can cut, hang or slow down; what is behind it knows nothing of that."""

import asyncio
from contextlib import suppress
from threading import Thread
from typing import Self


class Proxy:
    """Listens on `port`, and hands on to a port of this machine. `fault` is what it does to every connection, also to
    those that stand: "" nothing, "cut" refuse and reset, "hang" hand on nothing, "drip" a byte each hundredth of a
    second."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self.fault = ""
        self.port = 0

    def __enter__(self) -> Self:
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.does("cut")
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def does(self, fault: str) -> None:
        """From now on."""
        self.fault = fault
        if fault == "cut":
            asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(5)

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        standing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in standing:
            task.cancel()
        await asyncio.gather(*standing, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "cut":
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._hand_on(reader, back), self._hand_on(there, writer))
        finally:
            self._writers -= {writer, back}

    async def _hand_on(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await source.read(65_536):
                size = 1 if self.fault == "drip" else len(content)
                for piece in (content[at : at + size] for at in range(0, len(content), size)):
                    while self.fault == "hang":
                        await asyncio.sleep(0.02)
                    if self.fault == "drip":
                        await asyncio.sleep(0.01)
                    to.write(piece)
                await to.drain()
        to.transport.abort() if self.fault == "cut" else to.close()
