"""The composition root: the one place where settings become parts and parts are put together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from telemetra import server
from telemetra.api.app import create_app
from telemetra.cache.memory import MemoryCache
from telemetra.cache.streams import invalidate_streams
from telemetra.clock import Clock, system_clock
from telemetra.eventlog.postgres import PostgresLog
from telemetra.extras import load_extra
from telemetra.garbage import collect_rarely
from telemetra.kinds.registry import load_registry
from telemetra.leader import owner_name
from telemetra.live.feed_board import FeedBoard
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.live.relay_memory import MemoryRelay
from telemetra.maintenance import Maintenance
from telemetra.monitor import Monitor
from telemetra.observability import Metrics
from telemetra.operations.connector_ports import ConnectorPorts
from telemetra.operations.intake import Intake, IntakeLimits
from telemetra.operations.processing import engine_settings
from telemetra.operations.services import Services
from telemetra.pipeline import PipelineSettings
from telemetra.settings import Settings
from telemetra.sources.egress import EgressGuard
from telemetra.sources.manager import ConnectorManager
from telemetra.sources.outgoing import check_outgoing
from telemetra.sources.parts import Parts, RunOptions
from telemetra.sources.probe import probe
from telemetra.standby import StoredMoments, StoredUpdates, TableFeed
from telemetra.store.archive import PartitionMaker
from telemetra.store.database import Database
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.key_rotation import check_keys
from telemetra.store.kind_tables import ensure_kind_tables
from telemetra.store.migrate import migrate
from telemetra.store.status import pipeline_status
from telemetra.store.vault import make_vault
from telemetra.worker.messages import Start
from telemetra.worker.supervisor import PipelineProcess

SUPERVISE_SECONDS = 1.0

_log = structlog.get_logger(__name__)

Serving = Callable[[Services, str], Awaitable[None]]
"""Called once, with the address; runs beside the server and is cancelled at its end."""


async def serve(settings: Settings, *, beside: Serving | None = None) -> None:
    """Everything, until SIGINT or SIGTERM. Raises `Fatal` in one line when it cannot start."""
    listener = server.listen(settings.host, settings.port)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        conninfo = await stack.enter_async_context(open_postgres(settings))
        services = await stack.enter_async_context(open_services(settings, conninfo, system_clock))
        if beside is not None:
            await stack.enter_async_context(_background(beside(services, server.address(listener))))
        _log.info("serving", address=server.address(listener))

        def leave() -> None:
            services.hub.close()
            services.realtime.close()

        app = create_app(services)
        collect_rarely()
        await server.run(app, listener, before_exit=leave)


@asynccontextmanager
async def open_postgres(settings: Settings) -> AsyncIterator[str]:
    """The connection string of the database to use: the external one, or the embedded one, started and kept alive."""
    external = settings.external_database_url()
    if external is not None:
        yield external.get_secret_value()
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    conninfo = await asyncio.to_thread(embedded.start)
    try:
        async with _background(_supervise(embedded)):
            yield conninfo
    finally:
        await asyncio.to_thread(embedded.stop)


@asynccontextmanager
async def open_services(settings: Settings, conninfo: str, clock: Clock) -> AsyncIterator[Services]:
    """The parts of a running process, its pipeline (or its place in the queue for it) included."""
    metrics = Metrics()
    if settings.otlp_endpoint is not None:
        load_extra("otlp", needed_by="OTLP_ENDPOINT")  # said now, and not by the pipeline's process again and again
    registry = load_registry(settings.currency)
    await asyncio.to_thread(migrate, conninfo)
    await asyncio.to_thread(ensure_kind_tables, conninfo, registry.kinds.values())
    async with contextlib.AsyncExitStack() as stack:
        database = Database(
            conninfo, min_size=settings.db_pool_min, max_size=settings.db_pool_max, name="telemetra serve"
        )
        await database.open()
        stack.push_async_callback(database.close)
        vault = make_vault(settings)
        for damaged in await check_keys(database, vault):
            _log.error("connector_unreadable", detail=damaged)
        log = PostgresLog(database, max_waiting_bytes=settings.intake_queue_bytes, metrics=metrics)
        partitions = PartitionMaker()
        maintenance = Maintenance(settings, database, log, partitions, clock)
        await maintenance.once()

        relay = MemoryRelay()
        position = await pipeline_status(database)
        board = FeedBoard(settings.stale_after_seconds)
        hub = Hub(
            clock=clock,
            kinds=registry.kinds,
            history=StoredMoments(database, clock),
            metrics=metrics,
            epoch=position.epoch,
            committed=position.applied,
            interval_seconds=settings.websocket_interval_seconds,
            ping_seconds=settings.websocket_ping_seconds,
            client_bytes=settings.live_client_bytes,
            max_connections=settings.live_max_connections,
            anomaly_z=settings.anomaly_z,
            board=board,
        )
        realtime = RealtimeHub(
            clock=clock,
            metrics=metrics,
            ping_seconds=settings.websocket_ping_seconds,
            buffer_bytes=settings.realtime_buffer_bytes,
            max_connections=settings.live_max_connections,
        )
        relay.subscribe(hub.deliver)
        relay.subscribe(realtime.deliver)
        cache = MemoryCache(settings.cache_max_entries, hears_invalidations=lambda: pipeline.role == "leader")
        pipeline = PipelineProcess(
            _start(settings, conninfo),
            kinds=registry.kinds,
            relay=relay,
            cache=cache,
            metrics=metrics,
            on_gap=hub.close,
        )
        monitor = Monitor(database, lambda: pipeline.role, cache, clock, metrics, board)
        await monitor.look()
        intake = Intake(
            log,
            registry,
            IntakeLimits(settings.intake_max_body_bytes, settings.intake_max_event_bytes, settings.intake_max_events),
            clock,
            metrics,
        )
        guard = EgressGuard(settings.egress_allow, metrics=metrics)
        stack.push_async_callback(guard.close)
        options = RunOptions.of(settings)
        connectors = ConnectorManager(
            Parts(database, intake, guard, clock, metrics, partial(invalidate_streams, cache), options),
            vault,
            owner_name(),
            lease_seconds=settings.connector_lease_seconds,
        )
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            log=log,
            cache=cache,
            hub=hub,
            realtime=realtime,
            registry=registry,
            metrics=metrics,
            intake=intake,
            connectors=ConnectorPorts(
                vault,
                connectors.nudge,
                partial(probe, intake=intake, guard=guard, clock=clock, options=options),
                check_outgoing,
            ),
            pipeline=monitor.status,
        )
        feed = TableFeed(database, registry, hub, clock, settings.websocket_interval_seconds)
        for task in (
            hub.run(),
            realtime.run(),
            monitor.run(),
            maintenance.run(),
            connectors.run(),
            _feed_while_standby(feed, StoredUpdates(database, realtime, clock), pipeline),
            pipeline.run(),
        ):
            await stack.enter_async_context(_background(task))
        yield services


def _start(settings: Settings, conninfo: str) -> Start:
    """What the pipeline's process is told of the settings."""
    return Start(
        conninfo=conninfo,
        currency=settings.currency,
        pipeline=PipelineSettings(
            engine=engine_settings(settings),
            read_items=settings.pipeline_read_items,
            interval_seconds=settings.pipeline_interval_seconds,
            tick_seconds=settings.websocket_interval_seconds,
        ),
        otlp_endpoint=settings.otlp_endpoint,
        log_level=settings.log_level,
        log_format=settings.log_format,
    )


async def _feed_while_standby(feed: TableFeed, updates: StoredUpdates, pipeline: PipelineProcess) -> None:
    """Live clients of a process without the pipeline are served from the tables.

    A new leader looks at them once more: the one before has committed what nobody here has seen.
    """
    led, life = True, pipeline.lives
    while True:
        leads = pipeline.role == "leader"
        if life != pipeline.lives:
            led, life = False, pipeline.lives
        if not leads:
            await feed.poll()
        if not (leads and led):
            await updates.poll(leading=leads)
        led = leads
        await asyncio.sleep(feed.interval_seconds)


async def _supervise(embedded: EmbeddedPostgres) -> None:
    """Start the embedded server again if it dies while we live."""
    while True:
        await asyncio.sleep(SUPERVISE_SECONDS)
        try:
            if await asyncio.to_thread(embedded.revive):
                _log.warning("postgres_restarted")
        except Exception:
            _log.exception("postgres_restart_failed")


@asynccontextmanager
async def _background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run `work` while the block runs; cancel it at the end."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task


def _report(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background_task_failed", exc_info=error)
