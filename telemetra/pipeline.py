"""The pipeline: read the log, run the engine, store a checkpoint, publish. In this order, and nothing else (SPEC 4).

It knows ports only. It runs in a process of its own, so that a large read never holds up a request. Whatever goes
wrong, memory is dropped and built again from the log and the tables.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from telemetra.backoff import delays
from telemetra.checkpointer import Checkpointer, Meters, RefusedItems
from telemetra.clock import Clock
from telemetra.engine.effects import UniqueKey
from telemetra.engine.engine import DetectorFactory, Engine, EngineSettings
from telemetra.errors import Fenced
from telemetra.eventlog.base import EventLog, LogRead
from telemetra.kinds.registry import Registry
from telemetra.live.base import Publication, Relay
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.store.checkpoint import CheckpointStore, Owner
from telemetra.store.database import Failure, classify
from telemetra.store.moment_settings import SettingsBook
from telemetra.tracing import Tracer

REPUBLISHED_SECONDS = 600
"""After a start, the moments of this long are published again: some may have been committed and not yet shown."""

SNAPSHOT_SECONDS = 0.2
"""How soon live clients' next update may show a change: well under their tick."""

TICK_SECONDS = 0.5
EVICT_SECONDS = 10.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    engine: EngineSettings
    read_items: int = 20_000
    interval_seconds: float = 0.2
    tick_seconds: float = 1.5
    settings_seconds: float = 1.0
    """How often is looked whether settings of detection were changed."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the pipeline reads from and tells. `invalidate` is told the streams that a commit changed; `prepare` makes
    room in the archive for days (microseconds of arrival) before events of them are stored. `settings`: what the
    detectors are made with. `restart` is called when memory is dropped: what was remembered of tables may be wrong."""

    log: EventLog
    store: CheckpointStore
    settings: SettingsBook
    relay: Relay
    invalidate: Callable[[Sequence[StreamKey]], Awaitable[None]]
    prepare: Callable[[set[int]], Awaitable[None]]
    recent_moments: Callable[[int], Awaitable[list[Moment]]]
    restart: Callable[[], None] = lambda: None


class Pipeline:
    """One owner of one partition. `run` returns when `stop` is set and raises `Fenced` when another took over."""

    def __init__(
        self,
        owner: Owner,
        ports: Ports,
        registry: Registry,
        detectors: DetectorFactory,
        settings: PipelineSettings,
        *,
        clock: Clock,
        metrics: Meters,
        tracer: Tracer,
    ) -> None:
        self._owner = owner
        self._ports = ports
        self._registry = registry
        self._detectors = detectors
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._checkpoints = Checkpointer(
            owner,
            ports.store,
            ports.relay,
            invalidate=ports.invalidate,
            prepare=ports.prepare,
            metrics=metrics,
            tracer=tracer,
        )
        self._engine: Engine | None = None
        self._recent_keys: dict[UniqueKey, int] = {}
        self._limit = settings.read_items
        self._poison: dict[int, str] = {}
        self._pauses = delays()
        self._republished = False
        self._tick_due = 0.0
        self._evict_due = 0.0
        self._settings_due = 0.0
        self._changed_due = 0.0
        self._decaying_due = 0.0

    @property
    def applied(self) -> int:
        """Every effect of all items before this offset is stored."""
        return self._checkpoints.applied

    async def run(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                started = time.monotonic()
                if await self.turn():
                    continue
                await asyncio.sleep(max(0.0, self._settings.interval_seconds - (time.monotonic() - started)))
                await self._ports.log.wait(self.applied, self._settings.interval_seconds)
        finally:
            await self._checkpoints.abandon()

    async def turn(self) -> bool:
        """One step, with memory rebuilt before it where it was dropped; returns whether to go on at once.

        Raises `Fenced`. Every other error is judged here: bad data is narrowed down, the rest is tried again after a
        pause, with memory rebuilt.
        """
        try:
            if self._engine is None:
                self._engine = await self.rebuild()
            full = await self.step(self._engine)
        except Fenced:
            raise
        except Exception as error:
            self._engine = None
            self._ports.restart()
            await self._checkpoints.abandon()
            self._metrics.failed(error)
            if isinstance(error, RefusedItems):
                self._narrow(error)
            else:
                pause = next(self._pauses)
                _log.warning(
                    "pipeline_retry", error=repr(error), pause_seconds=round(pause, 2), exc_info=_is_bug(error)
                )
                await asyncio.sleep(pause)
            return True
        self._pauses = delays()
        return full

    async def rebuild(self) -> Engine:
        """An engine that remembers what one that never stopped would: read from `needs`, write nothing."""
        position = await self._ports.store.position(self._owner)
        await self._checkpoints.reset(position.applied)
        self._recent_keys = {}
        await self._ports.settings.refresh()
        engine = Engine(self._registry, self._detectors, self._settings.engine, position.applied)
        dead = await self._ports.store.load_dead(self._owner.partition, position.needs, position.applied)
        offset = position.needs
        while offset < position.applied:
            read = await self._ports.log.read(offset, min(self._settings.read_items, position.applied - offset))
            known = await self._load(engine, read)
            engine.refill(read.first, read.items, dead, known)
            offset = read.next
        engine.start_idle_timers(time.monotonic())
        if not self._republished:
            await self._republish()
            self._republished = True
        return engine

    async def step(self, engine: Engine) -> bool:
        """Read once and begin to store what it leads to. Returns whether the read was full: then there is more, and
        the next step need not wait until this one is stored."""
        read = await self._ports.log.read(engine.applied, self._limit)
        full = read.count == self._limit
        now = time.monotonic()
        if now >= self._settings_due:
            self._settings_due = now + self._settings.settings_seconds
            if await self._ports.settings.refresh():
                engine.configure(self._ports.settings.of)
        if read.items:
            await self._process(engine, read, now)
        if not full:
            await self._checkpoints.settle()
            if now >= self._tick_due:
                self._tick_due = now + TICK_SECONDS
                engine.tick(now)
            if now >= self._evict_due:
                self._evict_due = now + EVICT_SECONDS
                engine.evict(now)
        effects = engine.take_effects()
        if read.items or not effects.empty:
            await self._checkpoints.submit(read, effects)
        if not full:
            await self._checkpoints.settle()
        self._poison = {offset: reason for offset, reason in self._poison.items() if offset >= self.applied}
        self._limit = min(self._limit * 2, self._settings.read_items)
        self._publish_snapshots(engine, behind=full)
        return full

    async def _process(self, engine: Engine, read: LogRead, now: float) -> None:
        """Count the items of `read`, in pieces: between them a checkpoint in flight goes on."""
        known = await self._load(engine, read)
        try:
            for _ in engine.pieces(read.first, read.items, now, known, self._poison):
                await asyncio.sleep(0)  # a checkpoint in flight is sent on in each turn of the event loop
        except Exception as error:
            raise RefusedItems(read, error) from error
        self._recent_keys = known

    def _publish_snapshots(self, engine: Engine, *, behind: bool) -> None:
        """Changed streams soon, or once a tick while the pipeline is `behind` the log; decaying ones once a tick; and
        never more than a third of the CPU for it."""
        now, cpu = time.monotonic(), time.thread_time()
        decaying = now >= self._decaying_due
        if now < self._changed_due or (behind and not decaying):
            return
        snapshots = engine.snapshots(self._clock(), decaying=decaying)
        if snapshots:
            self._ports.relay.publish(Publication(snapshots, [], self.applied))
        # CPU time, not the clock's: on a busy machine the clock would make the updates of live clients ever rarer.
        self._changed_due = now + max(SNAPSHOT_SECONDS, 3 * (time.thread_time() - cpu))
        if decaying:
            self._decaying_due = now + self._settings.tick_seconds

    async def _republish(self) -> None:
        moments = await self._ports.recent_moments(self._clock() - REPUBLISHED_SECONDS * 1_000_000)
        self._ports.relay.publish(Publication([], moments, self.applied, replayed=True))

    async def _load(self, engine: Engine, read: LogRead) -> dict[UniqueKey, int]:
        """What the tables know of `read`: the states of its streams, for the engine, and the offsets of unique keys."""
        missing, keys = engine.to_load(read.items)
        if missing:
            engine.load(await self._ports.store.load_states(missing))
        if not keys:
            return {}
        known = await self._ports.store.load_known(keys)
        # The checkpoint in flight may not be in the tables yet.
        return known | {key: self._recent_keys[key] for key in keys if key in self._recent_keys}

    def _narrow(self, refused: RefusedItems) -> None:
        """Halve the read until the item that cannot be stored stands alone; then it becomes a dead letter."""
        items = refused.read.count
        if items > 1:
            self._limit = items // 2
            _log.warning("pipeline_narrowing", items=items, offset=refused.read.first, error=repr(refused.cause))
        else:
            self._poison[refused.read.first] = " ".join(str(refused.cause).split())[:500]
            _log.error("pipeline_dead_item", offset=refused.read.first, error=repr(refused.cause))


def _is_bug(error: Exception) -> bool:
    return classify(error) is Failure.FATAL
