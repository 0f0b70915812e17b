"""Stores checkpoints one after the other, each while the pipeline works on the next one.

While PostgreSQL writes, Python would only wait. What is in flight is at most one checkpoint: its effects are stored,
invalidated and published in this order before the next one begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from telemetra.engine.effects import Effects
from telemetra.eventlog.base import LogRead
from telemetra.live.base import Publication, Relay, feed_events
from telemetra.model.event import StreamKey
from telemetra.store.checkpoint import CheckpointStore, Owner
from telemetra.store.database import Failure, classify
from telemetra.tracing import Tracer


class RefusedItems(Exception):
    """Something in the items of a read cannot be processed or stored."""

    def __init__(self, read: LogRead, cause: Exception) -> None:
        super().__init__(str(cause))
        self.read = read
        self.cause = cause


class Meters(Protocol):
    """Who counts what becomes of checkpoints; called on the pipeline's loop."""

    def committed(self, items: int, seconds: float) -> None:
        """A checkpoint of so many log items is stored; it took so long from BEGIN to COMMIT."""

    def failed(self, error: Exception) -> None:
        """A checkpoint was given up."""


class Checkpointer:
    """Belongs to one owner and to one event loop.

    `applied`: every effect of all items before this offset is stored. After an error nothing more may be submitted
    until `reset`.
    """

    def __init__(
        self,
        owner: Owner,
        store: CheckpointStore,
        relay: Relay,
        *,
        invalidate: Callable[[Sequence[StreamKey]], Awaitable[None]],
        prepare: Callable[[set[int]], Awaitable[None]],
        metrics: Meters,
        tracer: Tracer,
    ) -> None:
        self.applied = 0
        self._owner = owner
        self._store = store
        self._relay = relay
        self._invalidate = invalidate
        self._prepare = prepare
        self._metrics = metrics
        self._tracer = tracer
        self._in_flight: asyncio.Task[None] | None = None

    async def submit(self, read: LogRead, effects: Effects) -> None:
        """Begin to store `effects`, once what was submitted before is stored. Raises what that met."""
        await self.settle()
        self._in_flight = asyncio.create_task(self._save(read, effects))
        # A pipeline that was replaced may never ask how its last checkpoint ended.
        self._in_flight.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def settle(self) -> None:
        """Wait until all that was submitted is stored; raises `Fenced`, `RefusedItems` or the database's error."""
        task, self._in_flight = self._in_flight, None
        if task is not None:
            await task

    async def reset(self, applied: int) -> None:
        """Begin anew at `applied`; what is in flight ends first, however it ends."""
        await self.abandon()
        self.applied = applied

    async def abandon(self) -> None:
        """Let what is in flight end, however it ends."""
        with contextlib.suppress(Exception):
            await self.settle()

    async def _save(self, read: LogRead, effects: Effects) -> None:
        await self._prepare({minute for _, _, minute in effects.ledger})
        started = time.monotonic()
        try:
            with self._tracer.span("checkpoint", items=read.count, applied=effects.applied):
                await self._store.save(self._owner, self.applied, effects)
        except Exception as error:
            if classify(error) is Failure.DATA and read.items:
                raise RefusedItems(read, error) from error
            raise
        self._metrics.committed(read.count, time.monotonic() - started)
        self.applied = effects.applied
        await self._invalidate([(state.workspace_id, state.stream_id) for state in effects.states])
        events = feed_events(effects.archive)
        if effects.moments or events:
            self._relay.publish(Publication([], effects.moments, self.applied, events=events))
