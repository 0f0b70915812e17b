"""Questions about the stored minutes of a stream, whatever its kind."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.cache import keys
from telemetra.cache.decorator import cached
from telemetra.errors import NotFound
from telemetra.kinds.base import Kind
from telemetra.model.times import rfc3339
from telemetra.model.window import MINUTE, SECOND
from telemetra.operations.services import Services
from telemetra.operations.streams import find_stream
from telemetra.store.metrics import StoredMinute, list_minutes

MINUTE_SECONDS = MINUTE / SECOND
_encode = msgspec.json.Encoder().encode


def ttl(services: Services) -> float:
    return services.settings.cache_ttl_metrics_seconds


@cached(keys.METRICS, ttl, ("stream_id", "limit", "start", "end"))
async def list_metrics(
    services: Services, workspace_id: str, stream_id: str, *, limit: int, start: int | None, end: int | None
) -> bytes:
    """JSON array of StreamMetrics of minutes that end in [start, end] (microseconds), newest first.

    Raises NotFound for an unknown stream.
    """
    stream = await find_stream(services, workspace_id, stream_id, services.clock())
    kind = services.registry.kinds.get(stream.kind)
    if kind is None:
        raise NotFound(f"This process does not have the kind {stream.kind!r}.")
    minutes = await list_minutes(services.database, kind, workspace_id, stream_id, limit=limit, start=start, end=end)
    return _encode([present(kind, stream_id, minute) for minute in minutes])


def present(kind: Kind, stream_id: str, minute: StoredMinute) -> dict[str, Any]:
    """A stored minute as the API shows it: what all kinds have, and the fields of this one."""
    return {
        "stream_id": stream_id,
        "timestamp": rfc3339(minute.window_end),
        **kind.present(minute.values, MINUTE_SECONDS),
        "z_score": minute.z_score,
        "baseline": minute.baseline,
        "is_anomaly": minute.is_anomaly,
        "suspect": minute.suspect,
        "final": minute.final,
    }
