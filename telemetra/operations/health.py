"""Is the process alive, is it ready, how are its parts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from telemetra import __version__
from telemetra.errors import Unavailable
from telemetra.model.times import rfc3339, to_datetime
from telemetra.model.window import SECOND
from telemetra.operations.models import Alive, DetailedHealth, Health, Ready, ServiceHealth
from telemetra.operations.services import PipelineStatus, Services
from telemetra.store.status import database_status, pipeline_status

CHECK_SECONDS = 2.0
LAG_SECONDS = 10.0
CHECKPOINT_SECONDS = 30.0
EMBEDDED: Literal["embedded"] = "embedded"

_logger = logging.getLogger(__name__)


def alive(services: Services) -> Alive:
    """Raises Unavailable when work waits and nothing of it gets done: a restart is due."""
    if not services.pipeline().progressing:
        raise Unavailable("The pipeline has stopped to make progress.", retry_after_seconds=5)
    return Alive("ok")


async def ready(services: Services) -> Ready:
    """Raises Unavailable with the reason while the process should get no traffic."""
    pipeline = services.pipeline()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            end = (await services.log.position()).next
            stored = await pipeline_status(services.database)
    except (TimeoutError, Unavailable) as error:
        raise Unavailable("The log cannot be reached.", retry_after_seconds=2) from error
    if pipeline.role == "starting":
        raise Unavailable("The pipeline is starting.")
    if pipeline.role == "standby":
        if stored.applied < end and services.clock() - stored.checkpoint_at >= CHECKPOINT_SECONDS * SECOND:
            raise Unavailable("Items wait in the log and the leader has stored no checkpoint for 30 s.")
        lag_seconds = 0.0
        if stored.waiting_since is not None:
            lag_seconds = max(0.0, (services.clock() - stored.waiting_since) / SECOND)
        return Ready("ready", pipeline.role, lag_seconds)
    if not pipeline.progressing:
        raise Unavailable("The pipeline has stopped to make progress.", retry_after_seconds=5)
    if pipeline.lag_seconds >= LAG_SECONDS and not pipeline.catching_up:
        raise Unavailable(f"The pipeline is {pipeline.lag_seconds:.0f} s behind and not catching up.")
    return Ready("ready", pipeline.role, pipeline.lag_seconds)


async def health(services: Services) -> Health:
    """The seeds' summary: `error` when the database is not there, `degraded` when this process is not ready."""
    database = await _check(lambda: database_status(services.database))
    state: Literal["ok", "unavailable", "error"] = "ok"
    status: Literal["ok", "degraded", "error"] = "ok"
    if database.status != "healthy":
        state = "unavailable" if database.details.get("reachable") is False else "error"
        status = "error"
    elif not await _is_ready(services):
        status = "degraded"
    return Health(status, to_datetime(services.clock()), state, EMBEDDED)


async def detailed_health(services: Services) -> DetailedHealth:
    """Every part with its latency. The database makes the whole `unhealthy`, anything else `degraded`."""
    database, log = await asyncio.gather(
        _check(lambda: database_status(services.database)), _check(services.log.position)
    )
    parts = {
        "database": database,
        "log": log,
        "pipeline": ServiceHealth(
            "healthy" if await _is_ready(services) else "degraded", details=_describe(services.pipeline())
        ),
        "cache": ServiceHealth(
            "healthy", details={tier.tier: msgspec.to_builtins(tier) for tier in services.cache.statistics()}
        ),
        "live": ServiceHealth("healthy", details={"connections": services.hub.connections}),
        "redis": ServiceHealth(EMBEDDED),
    }
    status: Literal["healthy", "degraded", "unhealthy"] = "healthy"
    if database.status == "unhealthy":
        status = "unhealthy"
    elif any(part.status in ("degraded", "unhealthy") for part in parts.values()):
        status = "degraded"
    return DetailedHealth(status, to_datetime(services.clock()), __version__, parts)


async def _is_ready(services: Services) -> bool:
    try:
        await ready(services)
    except Unavailable:
        return False
    return True


def _describe(pipeline: PipelineStatus) -> dict[str, Any]:
    checkpoint_at = pipeline.last_checkpoint_at
    details: dict[str, Any] = msgspec.to_builtins(pipeline)
    return details | {"last_checkpoint_at": None if checkpoint_at is None else rfc3339(checkpoint_at)}


async def _check(question: Callable[[], Awaitable[Any]]) -> ServiceHealth:
    """How a part answers a cheap question, within bounds of time. The reason of a failure stands in the log only."""
    started = time.perf_counter()
    status: Literal["healthy", "unhealthy"] = "unhealthy"
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            details = msgspec.to_builtins(await question())
        status = "healthy"
    except (TimeoutError, Unavailable):
        details = {"reachable": False}
    except Exception:
        _logger.exception("a health check failed")
        details = {"reachable": True}
    latency_ms = round((time.perf_counter() - started) * 1000, 3)
    return ServiceHealth(status, latency_ms, details)
