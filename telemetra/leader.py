"""The thread that runs the pipeline while this process leads, and waits for its turn while another does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

import structlog
import uvloop

from telemetra.errors import Fenced, Unavailable
from telemetra.store.leadership import Leadership

Role = Literal["leader", "standby", "starting"]
RunPipeline = Callable[[asyncio.Event], Awaitable[None]]
"""Runs the pipeline until the event is set; called each time this process becomes the leader."""

TURN_SECONDS = 0.5
CHECK_SECONDS = 1.0

_log = structlog.get_logger(__name__)


def owner_name() -> str:
    """Names this process in `pipeline_offsets.owner`, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"


class LeaderThread:
    """`role` may be read from any thread. The pipeline has an event loop of its own, made and closed here.

    `opened` opens, on the pipeline's loop, what the pipeline needs, and gives the function that runs it.
    """

    def __init__(self, conninfo: str, opened: Callable[[], AbstractAsyncContextManager[RunPipeline]]) -> None:
        self.role: Role = "starting"
        self._conninfo = conninfo
        self._opened = opened
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Blocks until the step in progress is stored and everything is closed."""
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = stop = asyncio.Event()
        self._started.set()
        while not stop.is_set():
            try:
                async with self._opened() as run:
                    while not stop.is_set():
                        await self._take_turn(run, stop)
            except Exception:
                # Nothing may end this thread while the process takes events: whatever it was, begin anew.
                _log.exception("pipeline_failed")
                await _pause(stop, TURN_SECONDS)
            finally:
                self.role = "starting"

    async def _take_turn(self, run: RunPipeline, stop: asyncio.Event) -> None:
        """Ask for the lead once; when it is ours, run the pipeline until it is lost or the process stops."""
        try:
            async with Leadership(self._conninfo) as leadership:
                while not stop.is_set():
                    if await leadership.acquire():
                        self.role = "leader"
                        _log.info("pipeline_leading", owner=owner_name())
                        await self._lead(run, leadership, stop)
                        return
                    self.role = "standby"
                    await _pause(stop, TURN_SECONDS)
        except Fenced:
            _log.warning("pipeline_fenced")
        except Unavailable as error:
            self.role = "starting"
            _log.warning("pipeline_waits_for_database", error=str(error))
            await _pause(stop, TURN_SECONDS)

    async def _lead(self, run: RunPipeline, leadership: Leadership, stop: asyncio.Event) -> None:
        """Run until the lock's session is lost: then another process may lead, and this one must not go on."""
        end = asyncio.Event()
        running = asyncio.ensure_future(run(end))
        try:
            while not running.done() and not stop.is_set() and await leadership.held():
                await asyncio.wait((running,), timeout=CHECK_SECONDS)
        finally:
            self.role = "standby"
            end.set()
            await running


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
