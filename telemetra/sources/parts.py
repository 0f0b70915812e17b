"""What every run of a connector works with, chosen once by the manager."""

from __future__ import annotations

from dataclasses import dataclass

from telemetra.clock import Clock
from telemetra.observability import Metrics
from telemetra.operations.intake import Intake
from telemetra.settings import Settings
from telemetra.sources.egress import EgressGuard
from telemetra.sources.gap_records import Invalidate
from telemetra.store.database import Database


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Settings of all connectors; times in seconds, sizes in bytes."""

    batch_messages: int = 50
    batch_seconds: float = 0.2
    healthy_seconds: float = 30.0
    stale_after_seconds: float = 30.0
    timeout_seconds: float = 15.0
    max_bytes: int = 4 << 20

    @staticmethod
    def of(settings: Settings) -> RunOptions:
        return RunOptions(
            batch_messages=settings.connector_batch_messages,
            batch_seconds=settings.connector_batch_seconds,
            healthy_seconds=settings.connector_healthy_seconds,
            stale_after_seconds=settings.stale_after_seconds,
            timeout_seconds=settings.connector_timeout_seconds,
            max_bytes=settings.connector_max_message_bytes,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    database: Database
    intake: Intake
    guard: EgressGuard
    clock: Clock
    metrics: Metrics
    invalidate: Invalidate
    options: RunOptions
