"""The composition root: the one place where settings become parts and parts are put together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import structlog

from telemetra import server
from telemetra.api.app import create_app
from telemetra.cache import keys
from telemetra.cache.memory import MemoryCache
from telemetra.clock import Clock, system_clock
from telemetra.eventlog.postgres import PostgresLog
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import Registry, load_registry
from telemetra.leader import LeaderThread, Role, RunPipeline, owner_name
from telemetra.live.feed_board import FeedBoard
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.live.relay_memory import MemoryRelay
from telemetra.maintenance import Maintenance, PartitionMaker
from telemetra.model.event import StreamKey
from telemetra.moments.heads import installed_heads
from telemetra.moments.stream import MomentDetectors
from telemetra.monitor import Monitor
from telemetra.observability import Metrics
from telemetra.operations.connector_ports import ConnectorPorts
from telemetra.operations.intake import Intake, IntakeLimits
from telemetra.operations.processing import engine_settings
from telemetra.operations.services import Services
from telemetra.pipeline import Pipeline, PipelineSettings, Ports
from telemetra.settings import Settings
from telemetra.sources.egress import EgressGuard
from telemetra.sources.manager import ConnectorManager
from telemetra.sources.parts import Parts, RunOptions
from telemetra.sources.probe import probe
from telemetra.standby import StoredMoments, StoredUpdates, TableFeed
from telemetra.store.checkpoint import CheckpointStore
from telemetra.store.database import Database
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.key_rotation import check_keys
from telemetra.store.kind_tables import ensure_kind_tables
from telemetra.store.migrate import migrate
from telemetra.store.moment_settings import SettingsBook
from telemetra.store.moments import moments_since
from telemetra.store.status import pipeline_status
from telemetra.store.vault import make_vault
from telemetra.tracing import Tracer

SUPERVISE_SECONDS = 1.0
PIPELINE_CONNECTIONS = 2

_log = structlog.get_logger(__name__)

Serving = Callable[[Services, str], Awaitable[None]]
"""Called once, with the address; runs beside the server and is cancelled at its end."""


async def serve(settings: Settings, *, beside: Serving | None = None) -> None:
    """Everything in one process, until SIGINT or SIGTERM. Raises `Fatal` in one line when it cannot start."""
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

        await server.run(create_app(services), listener, before_exit=leave)


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
    metrics, tracer = Metrics(), Tracer(settings.otlp_endpoint)
    registry = load_registry(settings.currency)
    await asyncio.to_thread(migrate, conninfo)
    await asyncio.to_thread(ensure_kind_tables, conninfo, registry.kinds.values())
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(tracer.close)
        database = Database(
            conninfo, min_size=settings.db_pool_min, max_size=settings.db_pool_max, name="telemetra serve"
        )
        await database.open()
        stack.push_async_callback(database.close)
        vault = make_vault(settings)
        for damaged in await check_keys(database, vault):
            _log.error("connector_unreadable", detail=damaged)
        log = PostgresLog(database, max_waiting_bytes=settings.intake_queue_bytes)
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
        cache = MemoryCache(settings.cache_max_entries, hears_invalidations=lambda: leader.role == "leader")
        leader = LeaderThread(
            conninfo, lambda: _pipeline(settings, conninfo, registry, relay, cache, partitions, clock, metrics, tracer)
        )
        monitor = Monitor(database, lambda: leader.role, cache, clock, metrics, board)
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
            Parts(database, intake, guard, clock, metrics, partial(_invalidate_streams, cache), options),
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
                vault, connectors.nudge, partial(probe, intake=intake, guard=guard, clock=clock, options=options)
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
            _feed_while_standby(feed, StoredUpdates(database, realtime, clock), lambda: leader.role),
        ):
            await stack.enter_async_context(_background(task))
        leader.start()
        stack.push_async_callback(asyncio.to_thread, leader.stop)
        yield services


async def _invalidate_streams(cache: MemoryCache, workspace_id: str, streams: Iterable[str]) -> None:
    """What is cached of these streams is not true any more, nor are lists in which they stand."""
    for stream_id in streams:
        for pattern in keys.patterns_of_stream(workspace_id, stream_id):
            await cache.invalidate(pattern)
    await cache.invalidate(keys.pattern_of_lists(workspace_id))


def _pipeline(
    settings: Settings,
    conninfo: str,
    registry: Registry,
    relay: MemoryRelay,
    cache: MemoryCache,
    partitions: PartitionMaker,
    clock: Clock,
    metrics: Metrics,
    tracer: Tracer,
) -> AbstractAsyncContextManager[RunPipeline]:
    """What runs on the pipeline's own event loop, with connections of its own."""
    pipeline_settings = PipelineSettings(
        engine=engine_settings(settings),
        read_items=settings.pipeline_read_items,
        interval_seconds=settings.pipeline_interval_seconds,
        tick_seconds=settings.websocket_interval_seconds,
    )
    heads = installed_heads()

    async def invalidate(changed: Sequence[StreamKey]) -> None:
        for workspace_id in {workspace_id for workspace_id, _ in changed}:
            streams = [stream_id for workspace, stream_id in changed if workspace == workspace_id]
            await _invalidate_streams(cache, workspace_id, streams)

    @asynccontextmanager
    async def opened() -> AsyncIterator[RunPipeline]:
        database = Database(conninfo, min_size=1, max_size=PIPELINE_CONNECTIONS, name="telemetra pipeline")
        await database.open()
        store, book = CheckpointStore(database, registry), SettingsBook(database)
        ports = Ports(
            log=PostgresLog(database),
            store=store,
            settings=book,
            relay=relay,
            invalidate=invalidate,
            prepare=lambda times: partitions.make(database, times),
            recent_moments=lambda since: moments_since(database, since),
        )

        def detectors(kind: Kind, workspace_id: str, stream_id: str) -> MomentDetectors:
            return MomentDetectors(kind, workspace_id, stream_id, book.of(workspace_id, stream_id), heads)

        async def run(stop: asyncio.Event) -> None:
            owner = await store.take_over(0, owner_name())
            pipeline = Pipeline(
                owner, ports, registry, detectors, pipeline_settings, clock=clock, metrics=metrics, tracer=tracer
            )
            await pipeline.run(stop)

        try:
            yield run
        finally:
            await database.close()

    return opened()


async def _feed_while_standby(feed: TableFeed, updates: StoredUpdates, role: Callable[[], Role]) -> None:
    """Live clients of a process without the pipeline are served from the tables.

    A new leader looks at them once more: the one before has committed what nobody here has seen.
    """
    led = True
    while True:
        leads = role() == "leader"
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
