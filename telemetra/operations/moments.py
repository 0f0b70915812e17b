"""Questions about the moments of a stream."""

from __future__ import annotations

import msgspec

from telemetra.cache import keys
from telemetra.cache.decorator import cached
from telemetra.live.frames import moment_fields
from telemetra.operations.metrics import ttl
from telemetra.operations.services import Services
from telemetra.store import moments as store

_encode = msgspec.json.Encoder().encode


@cached(keys.MOMENTS, ttl, ("stream_id", "limit", "moment_type", "start", "end"))
async def list_moments(
    services: Services,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    moment_type: str | None,
    start: int | None,
    end: int | None,
) -> bytes:
    """JSON array of Moment with an onset in [start, end] (microseconds), newest first; [] for an unknown stream too."""
    moments = await store.list_moments(
        services.database, workspace_id, stream_id, limit=limit, moment_type=moment_type, start=start, end=end
    )
    return _encode([moment_fields(moment) for moment in moments])
