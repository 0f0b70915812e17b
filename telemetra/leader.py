"""Runs the pipeline while this process leads, and waits for its turn while another does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

import structlog

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


class Leader:
    """Waits for the lead over the pipeline, and runs it while this process has it.

    `opened` opens what the pipeline needs, and gives the function that runs it. `tell` hears of every change of role.
    """

    def __init__(
        self,
        conninfo: str,
        opened: Callable[[], AbstractAsyncContextManager[RunPipeline]],
        tell: Callable[[Role], None],
    ) -> None:
        self._conninfo = conninfo
        self._opened = opened
        self._tell = tell
        self._role: Role = "starting"

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then the step in progress is stored first."""
        while not stop.is_set():
            try:
                async with self._opened() as run:
                    while not stop.is_set():
                        await self._take_turn(run, stop)
            except Exception:
                # Nothing may end this while the server takes events: whatever it was, begin anew.
                _log.exception("pipeline_failed")
                await _pause(stop, TURN_SECONDS)
            finally:
                self._become("starting")

    def _become(self, role: Role) -> None:
        if role != self._role:
            self._role = role
            self._tell(role)

    async def _take_turn(self, run: RunPipeline, stop: asyncio.Event) -> None:
        """Ask for the lead once; when it is ours, run the pipeline until it is lost or the process stops."""
        try:
            async with Leadership(self._conninfo) as leadership:
                while not stop.is_set():
                    if await leadership.acquire():
                        self._become("leader")
                        _log.info("pipeline_leading", owner=owner_name())
                        await self._lead(run, leadership, stop)
                        return
                    self._become("standby")
                    await _pause(stop, TURN_SECONDS)
        except Fenced:
            _log.warning("pipeline_fenced")
        except Unavailable as error:
            self._become("starting")
            _log.warning("pipeline_waits_for_database", error=str(error))
            await _pause(stop, TURN_SECONDS)

    async def _lead(self, run: RunPipeline, leadership: Leadership, stop: asyncio.Event) -> None:
        """Run until the lock's session is lost: then another process may lead, and this one must not go on."""
        end = asyncio.Event()
        running = asyncio.ensure_future(run(end))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not running.done() and not stop.is_set() and await leadership.held():
                await asyncio.wait((running, stopping), timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            self._become("standby")
            end.set()
            await running


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
