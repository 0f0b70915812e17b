"""Back-tests that are asked for over the network: one at a time, within limits, beside everything else."""

from __future__ import annotations

import asyncio
import threading

from telemetra.errors import Overloaded
from telemetra.model.times import to_microseconds
from telemetra.model.window import SECOND
from telemetra.operations.backtest import BacktestLimits, BacktestQuery, backtest
from telemetra.operations.moment_models import Backtest, BacktestRequest
from telemetra.operations.processing import engine_settings
from telemetra.operations.services import Services
from telemetra.store.database import Database

LIMITS = BacktestLimits(events=500_000, range=7 * 24 * 3600 * SECOND)
BUSY_SECONDS = 5.0


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Backtests:
    """Runs each on a thread with an event loop and a connection of its own, so that requests and pushes go on."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = threading.Lock()

    async def run(self, workspace_id: str, request: BacktestRequest) -> Backtest:
        """Raises what `backtest` raises, and `Overloaded` while another one runs."""
        query = BacktestQuery(
            (workspace_id, request.stream_id),
            to_microseconds(request.start_time),
            to_microseconds(request.end_time),
            request.settings,
        )
        abandoned = threading.Event()
        try:
            return await asyncio.to_thread(self._on_thread, query, abandoned)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    def _on_thread(self, query: BacktestQuery, abandoned: threading.Event) -> Backtest:
        if not self._busy.acquire(blocking=False):
            raise Overloaded("another back-test is running", retry_after_seconds=BUSY_SECONDS)
        try:
            return asyncio.run(self._read(query, abandoned))
        finally:
            self._busy.release()

    async def _read(self, query: BacktestQuery, abandoned: threading.Event) -> Backtest:
        services = self._services

        def progress(done: int, total: int) -> None:
            if abandoned.is_set():
                raise Abandoned

        database = Database(services.database.conninfo, min_size=1, max_size=1, name="telemetra backtest")
        await database.open()
        try:
            return await backtest(
                database,
                services.registry,
                engine_settings(services.settings),
                query,
                now=services.clock(),
                progress=progress,
                limits=LIMITS,
            )
        finally:
            await database.close()
