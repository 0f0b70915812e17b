"""From a connector's buffer to the log: batch after batch, each kept until it is durable.

While intake cannot take a batch it is tried again, the buffer fills up, and the source is no longer read: so memory is
bounded and nothing is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from telemetra.backoff import delays
from telemetra.clock import Clock
from telemetra.errors import Unavailable
from telemetra.formats.draft import Draft
from telemetra.model.connector import Position
from telemetra.observability import Metrics
from telemetra.operations.intake import Intake
from telemetra.sources.buffer import Batch, Buffer
from telemetra.sources.performance import Performance
from telemetra.sources.recent_ids import RecentIds
from telemetra.sources.tally import Tally

MOST_DRAFTS = 5000
_TRIES_OF_UNKNOWN = 5

_log = structlog.get_logger(__name__)


class HandIn:
    """Belongs to one run of a connector. `durable_event_at`: event time of the newest event that is durable.

    `position`: everything that a polled source gave up to there is durable.
    """

    def __init__(
        self,
        intake: Intake,
        clock: Clock,
        metrics: Metrics,
        performance: Performance,
        *,
        workspace_id: str,
        connector_id: str,
        session_id: str,
        batch_messages: int,
        batch_seconds: float,
        forget_repeats: bool,
    ) -> None:
        self.durable_event_at: int | None = None
        self.position: Position | None = None
        self.messages = 0
        self.tally = Tally()
        self.held_back = False
        self._intake = intake
        self._clock = clock
        self._metrics = metrics
        self._performance = performance
        self._workspace_id = workspace_id
        self._connector_id = connector_id
        self._session_id = session_id
        self._batch_seconds = batch_seconds
        self._recent = RecentIds() if forget_repeats else None
        self._buffer = Buffer(batch_messages)
        self._in_flight: Batch | None = None
        self._filled, self._full, self._room, self._open = (asyncio.Event() for _ in range(4))
        self._room.set()
        self._open.set()

    @property
    def blocked(self) -> bool:
        return self._buffer.blocked

    async def room(self) -> None:
        """Wait until there is room."""
        self._room.clear()
        self._full.set()
        self.held_back = True
        await self._room.wait()
        self.held_back = False

    def put(self, drafts: list[Draft], size: int, received_at: int) -> None:
        """Take the drafts of one message. While `blocked`, the caller waits for `room` first."""
        buffer = self._buffer
        if buffer.empty:
            self._filled.set()
        buffer.add(drafts, size, received_at)
        if buffer.full:
            self._full.set()

    def reached(self, position: Position) -> None:
        """With what was put until now, a polled source is read up to `position`."""
        last = self._buffer.last or self._in_flight
        if last is None:
            self.position = position
        else:
            last.position = position

    def hold(self) -> None:
        """Hand nothing in until `go_on`: what a gap has lost goes first, else it would be late."""
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    async def run(self) -> None:
        """Hand in batches until cancelled."""
        while True:
            await self._filled.wait()
            if not self._buffer.full:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._batch_seconds):
                        await self._full.wait()
            await self._open.wait()
            await self.flush()

    async def flush(self) -> None:
        """Hand in all that is there. What a cancellation interrupts is handed in by the next call, perhaps again."""
        if self._in_flight is None:
            self._filled.clear()
            self._full.clear()
            self._in_flight = self._buffer.take()
            self._room.set()
        if self._in_flight is not None:
            await self._hand_in(self._in_flight)
            self._in_flight = None

    async def finish(self) -> None:
        """The last flush, after `run` was cancelled."""
        while self._in_flight is not None or not self._buffer.empty:
            await self.flush()

    async def _hand_in(self, batch: Batch) -> None:
        drafts = batch.drafts
        if self._recent is not None:
            drafts = self._recent.fresh(drafts)
            self._repeats(len(batch.drafts) - len(drafts))
        await self.submit(drafts)
        if self._recent is not None:
            self._recent.remember(drafts)
        times = [draft.timestamp for draft in drafts if draft.timestamp is not None]
        if times:
            self.durable_event_at = max(times)
        self.position = batch.position or self.position
        self.messages += batch.messages
        self.tally.add(batch.messages, drafts)
        self._performance.stored(len(drafts), batch.oldest, batch.newest, self._clock())

    async def submit(self, drafts: Sequence[Draft]) -> None:
        """Make drafts durable, however long that takes."""
        for start in range(0, len(drafts), MOST_DRAFTS):
            await self._submit(drafts[start : start + MOST_DRAFTS])

    async def _submit(self, drafts: Sequence[Draft]) -> None:
        waits = delays()
        strange = 0
        while True:
            try:
                result = await self._intake.submit_drafts(
                    drafts,
                    workspace_id=self._workspace_id,
                    connector_id=self._connector_id,
                    session_id=self._session_id,
                )
            except Unavailable as error:
                await asyncio.sleep(min(next(waits), max(error.retry_after_seconds, 0.1)))
                continue
            except Exception:
                _log.exception("connector_hand_in_failed", connector_id=self._connector_id)
                strange += 1
                if strange >= _TRIES_OF_UNKNOWN:
                    self._performance.rejected["hand_in_failed"] += len(drafts)
                    self._metrics.connector_dropped.labels(reason="hand_in_failed").inc(len(drafts))
                    return
                await asyncio.sleep(next(waits))
                continue
            for rejected in result.rejected:
                self._performance.rejected[rejected.code] += 1
                self._metrics.connector_dropped.labels(reason=rejected.code).inc()
            self._performance.duplicates += result.duplicate
            self.tally.offsets(result.first_offset, result.next_offset)
            return

    def _repeats(self, count: int) -> None:
        if count:
            self._performance.duplicates += count
            self._metrics.connector_dropped.labels(reason="repeat").inc(count)
