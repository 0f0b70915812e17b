"""What the operations of a process work with: chosen once by the composition root, handed to every door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from telemetra.cache.base import Cache
from telemetra.clock import Clock
from telemetra.eventlog.base import EventLog
from telemetra.kinds.registry import Registry
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.observability import Metrics
from telemetra.operations.connector_ports import ConnectorPorts
from telemetra.operations.intake import Intake
from telemetra.settings import Settings
from telemetra.store.database import Database


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """How this process's pipeline is doing. Made without waiting: health asks often.

    `role`: leader; standby (another process has the pipeline); starting (neither yet). `lag_seconds` is the age of the
    oldest item not applied, 0 if none; `catching_up`: it is lower than it was 10 s ago. `last_checkpoint_at` in
    microseconds, None before the first. `progressing` is False when work waits and nothing of it gets done.
    """

    role: Literal["leader", "standby", "starting"]
    applied: int
    log_next: int
    lag_seconds: float
    last_checkpoint_at: int | None
    progressing: bool
    catching_up: bool


@dataclass(frozen=True, slots=True)
class Services:
    """`pipeline` gives the state of the pipeline now; `hub` has the clients of streams, `realtime` those of feeds."""

    settings: Settings
    clock: Clock
    database: Database
    log: EventLog
    cache: Cache
    hub: Hub
    realtime: RealtimeHub
    registry: Registry
    metrics: Metrics
    intake: Intake
    connectors: ConnectorPorts
    pipeline: Callable[[], PipelineStatus]
