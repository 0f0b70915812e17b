"""Watches the pipeline and the feeds through the tables, the same way whether this process leads or stands by."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from telemetra.cache.base import Cache
from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.leader import Role
from telemetra.live.feed_board import FeedBoard
from telemetra.model.window import MINUTE, SECOND
from telemetra.observability import Metrics
from telemetra.operations.services import PipelineStatus
from telemetra.store.database import Database
from telemetra.store.feed_health import feeds_stale, gaps_since
from telemetra.store.status import pipeline_status

LOOK_SECONDS = 1.0
GAPS_SHOWN = 15 * MINUTE
"""How long a gap may matter to a live update, which shows a minute."""
TREND_LOOKS = 10
"""Looks after which a lag must have shrunk, and waiting work must have moved."""

_log = structlog.get_logger(__name__)


class Monitor:
    """`status` answers at once from the last look; `run` looks every second until cancelled."""

    def __init__(
        self,
        database: Database,
        role: Callable[[], Role],
        cache: Cache,
        clock: Clock,
        metrics: Metrics,
        board: FeedBoard | None = None,
    ) -> None:
        self._board = board
        self._database = database
        self._role = role
        self._cache = cache
        self._clock = clock
        self._metrics = metrics
        self._looks: deque[tuple[int, int, float]] = deque(maxlen=TREND_LOOKS + 1)  # (applied, next, lag)
        self._checkpoint_at: int | None = None
        self._recomputed_at: int | None = None

    def status(self) -> PipelineStatus:
        applied, log_next, lag_seconds = self._looks[-1] if self._looks else (0, 0, 0.0)
        first_applied, _, first_lag = self._looks[0] if self._looks else (0, 0, 0.0)
        full = len(self._looks) == self._looks.maxlen
        return PipelineStatus(
            role=self._role(),
            applied=applied,
            log_next=log_next,
            lag_seconds=lag_seconds,
            last_checkpoint_at=self._checkpoint_at,
            progressing=not (full and applied == first_applied and lag_seconds > TREND_LOOKS),
            catching_up=full and lag_seconds < first_lag,
        )

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except TelemetraError as error:
                _log.warning("monitor_blind", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        seen = await pipeline_status(self._database)
        waiting = seen.waiting_since
        lag_seconds = 0.0 if waiting is None else max(0.0, (self._clock() - waiting) / SECOND)
        self._looks.append((seen.applied, seen.next, lag_seconds))
        self._checkpoint_at = seen.checkpoint_at
        if seen.recomputed_at != self._recomputed_at:
            # Another process has rewritten final minutes: nothing that was cached of any is worth keeping.
            self._recomputed_at = seen.recomputed_at
            await self._cache.invalidate("*")
        self._metrics.pipeline_lag_seconds.set(lag_seconds)
        if self._board is not None:
            since = self._clock() - GAPS_SHOWN
            self._board.update(await feeds_stale(self._database), await gaps_since(self._database, since))
