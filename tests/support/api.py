"""The HTTP application over a real database, log, intake, cache and hub; only the pipeline's state is set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from telemetra.api.app import create_app
from telemetra.cache.memory import MemoryCache
from telemetra.clock import Clock, system_clock
from telemetra.encryption_keys import EncryptionKey
from telemetra.eventlog.postgres import PostgresLog
from telemetra.kinds.registry import load_registry
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.model.connector import ConnectorConfig
from telemetra.observability import Metrics
from telemetra.operations.connector_models import ProbeResult
from telemetra.operations.connector_ports import ConnectorPorts
from telemetra.operations.intake import Intake, IntakeLimits
from telemetra.operations.services import PipelineStatus, Services
from telemetra.settings import Settings
from telemetra.sources.outgoing import check_outgoing
from telemetra.standby import StoredMoments
from telemetra.store.database import Database
from telemetra.store.vault import Vault

BASE_URL = "http://127.0.0.1:8000"


@dataclass
class PipelineState:
    """What health is told of the pipeline: a leader with nothing to do, until a test says otherwise."""

    role: Any = "leader"
    applied: int = 0
    log_next: int = 0
    lag_seconds: float = 0.0
    last_checkpoint_at: int | None = None
    progressing: bool = True
    catching_up: bool = False

    def __call__(self) -> PipelineStatus:
        return PipelineStatus(**vars(self))


def open_vault() -> Vault:
    """A vault with a key of its own."""
    return Vault([EncryptionKey(bytes(range(32)))])


async def no_probe(config: ConnectorConfig, *, limit: int, seconds: float) -> ProbeResult:
    """For tests that try nothing out."""
    raise AssertionError("no connection was to be made")


def make_services(
    database: Database,
    *,
    clock: Clock = system_clock,
    pipeline: PipelineState | None = None,
    connectors: ConnectorPorts | None = None,
    **settings: Any,
) -> Services:
    chosen = Settings(_env_file=None, **settings)  # type: ignore[call-arg]
    registry = load_registry(chosen.currency)
    metrics = Metrics()
    log = PostgresLog(database)
    limits = IntakeLimits(chosen.intake_max_body_bytes, chosen.intake_max_event_bytes, chosen.intake_max_events)
    return Services(
        settings=chosen,
        clock=clock,
        database=database,
        log=log,
        cache=MemoryCache(chosen.cache_max_entries, hears_invalidations=lambda: True),
        hub=Hub(
            clock=clock,
            kinds=registry.kinds,
            history=StoredMoments(database, clock),
            metrics=metrics,
            epoch="test-epoch",
        ),
        realtime=RealtimeHub(clock=clock, metrics=metrics),
        registry=registry,
        metrics=metrics,
        intake=Intake(log, registry, limits, clock, metrics),
        connectors=connectors or ConnectorPorts(open_vault(), lambda: None, no_probe, check_outgoing),
        pipeline=pipeline or PipelineState(),
    )


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks ASGI; an error that escapes the application fails the test."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@asynccontextmanager
async def api_client(database: Database, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(make_services(database, **options))) as client:
        yield client
