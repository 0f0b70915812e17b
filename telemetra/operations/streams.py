"""Questions about streams."""

from __future__ import annotations

import msgspec

from telemetra.cache import keys
from telemetra.cache.decorator import cached
from telemetra.errors import NotFound
from telemetra.model.times import to_datetime
from telemetra.model.window import SECOND
from telemetra.operations.models import Stream, StreamState
from telemetra.operations.services import Services
from telemetra.store import streams as store
from telemetra.store.streams import StreamRow

OFFSET_MAX = 2**63 - 1
_encode = msgspec.json.Encoder().encode


def ttl(services: Services) -> float:
    return services.settings.cache_ttl_streams_seconds


@cached(keys.STREAMS, ttl, ("limit", "offset", "kind", "live"), drifts=True)
async def list_streams(
    services: Services, workspace_id: str, *, limit: int, offset: int, kind: str | None, live: bool | None
) -> bytes:
    """JSON array of Stream: live ones first, then the newest start."""
    now = services.clock()
    rows = await stored_streams(services, workspace_id, now, limit=limit, offset=offset, kind=kind, live=live)
    return _encode([present(services, row, now) for row in rows])


async def stored_streams(
    services: Services, workspace_id: str, now: int, *, limit: int, offset: int, kind: str | None, live: bool | None
) -> list[StreamRow]:
    """The streams of a page of the list."""
    return await store.list_streams(
        services.database,
        workspace_id,
        live_after=_live_after(services, now),
        limit=limit,
        offset=min(offset, OFFSET_MAX),
        kind=kind,
        live=live,
    )


@cached(keys.STREAM, ttl, ("stream_id",), drifts=True)
async def get_stream(services: Services, workspace_id: str, stream_id: str) -> bytes:
    """JSON Stream. Raises NotFound."""
    now = services.clock()
    return _encode(present(services, await find_stream(services, workspace_id, stream_id, now), now))


async def find_stream(services: Services, workspace_id: str, stream_id: str, now: int) -> StreamRow:
    row = await store.get_stream(services.database, workspace_id, stream_id, live_after=_live_after(services, now))
    if row is None:
        raise NotFound(f"There is no stream {stream_id!r}.")
    return row


def _live_after(services: Services, now: int) -> int:
    return now - round(services.settings.stream_timeout_seconds * SECOND)


def present(services: Services, row: StreamRow, now: int) -> Stream:
    """A stream as the API shows it at `now`."""
    state: StreamState = "live" if row.is_live else "ended"
    silent = now - row.last_event_at > services.settings.stale_after_seconds * SECOND
    # A connector knows what its source usually says; of others only the silence is known.
    if row.is_live and (silent if row.feed_stale is None else row.feed_stale):
        state = "stale"
    return Stream(
        stream_id=row.stream_id,
        kind=row.kind,
        streamer_name=row.streamer_name,
        title=row.title,
        game_category=row.game_category,
        started_at=None if row.started_at is None else to_datetime(row.started_at),
        ended_at=None if row.ended_at is None else to_datetime(row.ended_at),
        is_live=row.is_live,
        viewer_count=row.viewer_count,
        last_event_at=to_datetime(row.last_event_at),
        state=state,
    )
