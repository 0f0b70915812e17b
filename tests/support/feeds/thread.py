"""A feed server in a thread of its own, for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.support.feeds import control
from tests.support.feeds.record import Record
from tests.support.feeds.server import HOST, FeedServer

T = TypeVar("T")
PATIENCE_SECONDS = 30.0


class Feeds:
    """`command` as in control.py; `do` calls a function with the server in its loop."""

    def __init__(self, server: FeedServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def record(self) -> Record:
        return self._server.record

    @property
    def position(self) -> int:
        return self._server.player.position

    @property
    def clients(self) -> int:
        return len(self._server.sessions)

    def ws(self, path: str = "/") -> str:
        return f"ws://{HOST}:{self.port}{path}"

    def http(self, path: str = "/") -> str:
        return f"http://{HOST}:{self.port}{path}"

    def do(self, function: Callable[[FeedServer], T]) -> T:
        async def called() -> T:
            return function(self._server)

        return self._await(called())

    def command(self, name: str, **arguments: Any) -> None:
        self.do(lambda server: control.command(server, name, **arguments))

    def listen(self, listening: bool) -> None:
        self._await(self._server.listen(listening))

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, control.state(self._server)
            time.sleep(0.02)

    def until_played(self, seconds: float = PATIENCE_SECONDS) -> None:
        self.until(lambda: self._server.player.done, seconds)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)


@contextmanager
def playing(make: Callable[[], FeedServer], port: int = 0) -> Iterator[Feeds]:
    """`make` is called in the server's own loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="feeds", daemon=True)
    thread.start()

    async def started() -> FeedServer:
        server = make()
        await server.start(port)
        return server

    server = asyncio.run_coroutine_threadsafe(started(), loop).result(PATIENCE_SECONDS)
    try:
        yield Feeds(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()
