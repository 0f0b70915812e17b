"""The pipeline: read the log, run the engine, store a checkpoint, publish. In this order, and nothing else (SPEC 4).

It knows ports only. It runs in an event loop of its own (a thread of the process), so that a large read never holds
up a request. Whatever goes wrong, memory is dropped and built again from the log and the tables.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from telemetra.backoff import delays
from telemetra.clock import Clock
from telemetra.engine.effects import Effects
from telemetra.engine.engine import DetectorFactory, Engine, EngineSettings
from telemetra.errors import Fenced
from telemetra.eventlog.base import EventLog, LogRead
from telemetra.kinds.registry import Registry
from telemetra.live.base import Publication, Relay
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.observability import Metrics
from telemetra.store.checkpoint import CheckpointStore, Owner
from telemetra.store.database import Failure, classify
from telemetra.store.moment_settings import SettingsBook
from telemetra.tracing import Tracer

REPUBLISHED_SECONDS = 600
"""After a start, the moments of this long are published again: some may have been committed and not yet shown."""

SNAPSHOT_SECONDS = 0.2
"""How soon live clients' next update may show a change: well under their tick."""

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
    detectors are made with."""

    log: EventLog
    store: CheckpointStore
    settings: SettingsBook
    relay: Relay
    invalidate: Callable[[Sequence[StreamKey]], Awaitable[None]]
    prepare: Callable[[set[int]], Awaitable[None]]
    recent_moments: Callable[[int], Awaitable[list[Moment]]]


class RefusedItems(Exception):
    """Something in the items of the last read cannot be processed or stored."""

    def __init__(self, read: LogRead, cause: Exception) -> None:
        super().__init__(str(cause))
        self.read = read
        self.cause = cause


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
        metrics: Metrics,
        tracer: Tracer,
    ) -> None:
        self._owner = owner
        self._ports = ports
        self._registry = registry
        self._detectors = detectors
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._tracer = tracer
        self._engine: Engine | None = None
        self._applied = 0
        self._limit = settings.read_items
        self._poison: dict[int, str] = {}
        self._pauses = delays()
        self._republished = False
        self._evict_due = 0.0
        self._settings_due = 0.0
        self._changed_due = 0.0
        self._decaying_due = 0.0

    @property
    def applied(self) -> int:
        """Every effect of all items before this offset is stored."""
        return self._applied

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            started = time.monotonic()
            if await self.turn():
                continue
            await asyncio.sleep(max(0.0, self._settings.interval_seconds - (time.monotonic() - started)))
            await self._ports.log.wait(self._applied, self._settings.interval_seconds)

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
            self._metrics.checkpoint_failures.labels(error=type(error).__name__).inc()
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
        await self._ports.settings.refresh()
        engine = Engine(self._registry, self._detectors, self._settings.engine, position.applied)
        dead = await self._ports.store.load_dead(self._owner.partition, position.needs, position.applied)
        offset = position.needs
        while offset < position.applied:
            read = await self._ports.log.read(offset, min(self._settings.read_items, position.applied - offset))
            await self._load_states(engine, read)
            engine.refill(read.first, read.items, dead, await self._known(engine, read))
            offset = read.next
        engine.start_idle_timers(time.monotonic())
        self._applied = position.applied
        if not self._republished:
            await self._republish()
            self._republished = True
        return engine

    async def step(self, engine: Engine) -> bool:
        """Read once and store what it leads to. Returns whether the read was full: then there is more."""
        read = await self._ports.log.read(self._applied, self._limit)
        full = len(read.items) == self._limit
        now = time.monotonic()
        if now >= self._settings_due:
            self._settings_due = now + self._settings.settings_seconds
            if await self._ports.settings.refresh():
                engine.configure(self._ports.settings.of)
        if read.items:
            await self._load_states(engine, read)
            known = await self._known(engine, read)
            try:
                engine.process(read.first, read.items, now, known, self._poison)
            except Exception as error:
                raise RefusedItems(read, error) from error
        if not full:
            engine.tick(now)
            if now >= self._evict_due:
                self._evict_due = now + EVICT_SECONDS
                engine.evict(now)
        effects = engine.take_effects()
        if effects.applied != self._applied or not effects.empty:
            await self._store(read, effects)
        self._limit = min(self._limit * 2, self._settings.read_items)
        self._publish_snapshots(engine)
        return full

    def _publish_snapshots(self, engine: Engine) -> None:
        """Changed streams soon, decaying ones once a tick, and never more than a tenth of the time for it."""
        started = time.monotonic()
        if started < self._changed_due:
            return
        decaying = started >= self._decaying_due
        snapshots = engine.snapshots(self._clock(), decaying=decaying)
        if snapshots:
            self._ports.relay.publish(Publication(snapshots, [], self._applied))
        ended = time.monotonic()
        self._changed_due = ended + max(SNAPSHOT_SECONDS, 9 * (ended - started))
        if decaying:
            self._decaying_due = started + self._settings.tick_seconds

    async def _store(self, read: LogRead, effects: Effects) -> None:
        await self._ports.prepare({event.received_at for _, event, _ in effects.archive})
        started = time.monotonic()
        try:
            with self._tracer.span("checkpoint", items=len(read.items), applied=effects.applied):
                await self._ports.store.save(self._owner, self._applied, effects)
        except Exception as error:
            if classify(error) is Failure.DATA and read.items:
                raise RefusedItems(read, error) from error
            raise
        self._metrics.checkpoint_seconds.observe(time.monotonic() - started)
        self._metrics.pipeline_items.inc(len(read.items))
        self._applied = effects.applied
        self._poison = {offset: reason for offset, reason in self._poison.items() if offset >= self._applied}
        await self._ports.invalidate([(state.workspace_id, state.stream_id) for state in effects.states])
        if effects.moments:
            self._ports.relay.publish(Publication([], effects.moments, self._applied))

    async def _republish(self) -> None:
        moments = await self._ports.recent_moments(self._clock() - REPUBLISHED_SECONDS * 1_000_000)
        self._ports.relay.publish(Publication([], moments, self._applied, replayed=True))

    async def _load_states(self, engine: Engine, read: LogRead) -> None:
        missing = engine.missing(read.items)
        if missing:
            engine.load(await self._ports.store.load_states(missing))

    async def _known(self, engine: Engine, read: LogRead) -> dict[tuple[str, str, str], int]:
        keys = engine.unique_keys(read.items)
        return await self._ports.store.load_known(keys) if keys else {}

    def _narrow(self, refused: RefusedItems) -> None:
        """Halve the read until the item that cannot be stored stands alone; then it becomes a dead letter."""
        items = len(refused.read.items)
        if items > 1:
            self._limit = items // 2
            _log.warning("pipeline_narrowing", items=items, offset=refused.read.first, error=repr(refused.cause))
        else:
            self._poison[refused.read.first] = " ".join(str(refused.cause).split())[:500]
            _log.error("pipeline_dead_item", offset=refused.read.first, error=repr(refused.cause))


def _is_bug(error: Exception) -> bool:
    return classify(error) is Failure.FATAL
