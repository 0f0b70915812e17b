"""Questions about streams. Liveness is decided when it is read: a silent stream ends by itself, without a write."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import sql

from telemetra.model.times import to_microseconds
from telemetra.model.window import MINUTE
from telemetra.store.database import Database, Row, instant, micros

VIEWERS_MAX_AGE = 10 * MINUTE

# A viewer count is old by the stream's own time (a replayed stream lives in the past), hence the watermark.
_PAGE = sql.SQL("""
    WITH page AS (
        SELECT *, is_live AND last_event_at > %(live_after)s AS live_now FROM streams
        WHERE workspace_id = %(workspace_id)s {conditions}
        ORDER BY live_now DESC, started_at DESC NULLS LAST, stream_id
        LIMIT %(limit)s OFFSET %(offset)s
    )
    SELECT stream_id, kind, streamer_name, title, game_category, started_at, ended_at, live_now, last_event_at,
        CASE WHEN viewer_count_at > coalesce(watermark, last_event_at) - %(viewers_max_age)s * interval '1 microsecond'
            THEN viewer_count END AS viewer_count,
        (
            SELECT stale FROM stream_feeds AS feeds
            WHERE feeds.workspace_id = page.workspace_id AND feeds.stream_id = page.stream_id
        ) AS feed_stale
    FROM page LEFT JOIN stream_state USING (workspace_id, stream_id)
    ORDER BY live_now DESC, started_at DESC NULLS LAST, stream_id
""")
_KIND = sql.SQL("AND kind = %(kind)s")
_LIVE = sql.SQL("AND (is_live AND last_event_at > %(live_after)s) = %(live)s")
_ONE = sql.SQL("AND stream_id = %(stream_id)s")


class StreamRow(msgspec.Struct):
    """A stream as stored; times in microseconds. `is_live`: not ended, and heard of after the `live_after` asked for.

    `feed_stale`: the connectors that feed it should speak and do not; None where no running connector feeds it.
    `viewer_count` is None until the stream has said it, or when it was said more than 10 minutes of stream time ago.
    """

    stream_id: str
    kind: str
    streamer_name: str
    title: str | None
    game_category: str | None
    started_at: int | None
    ended_at: int | None
    is_live: bool
    viewer_count: int | None
    last_event_at: int
    feed_stale: bool | None = None


async def list_streams(
    database: Database,
    workspace_id: str,
    *,
    live_after: int,
    limit: int,
    offset: int = 0,
    kind: str | None = None,
    live: bool | None = None,
) -> list[StreamRow]:
    """Live streams first, then the newest start. `live_after`: now minus the stream timeout, in microseconds."""
    conditions = [_KIND] * (kind is not None) + [_LIVE] * (live is not None)
    parameters = {"limit": limit, "offset": offset, "kind": kind, "live": live}
    return await _read(database, workspace_id, live_after, conditions, parameters)


async def get_stream(database: Database, workspace_id: str, stream_id: str, *, live_after: int) -> StreamRow | None:
    """The stream, None when it is unknown."""
    rows = await _read(database, workspace_id, live_after, [_ONE], {"stream_id": stream_id, "limit": 1, "offset": 0})
    return rows[0] if rows else None


async def _read(
    database: Database, workspace_id: str, live_after: int, conditions: list[sql.SQL], parameters: dict[str, Any]
) -> list[StreamRow]:
    parameters |= {"workspace_id": workspace_id, "viewers_max_age": VIEWERS_MAX_AGE}
    parameters["live_after"] = instant(live_after)
    query = _PAGE.format(conditions=sql.SQL(" ").join(conditions))
    return [_stream(row) for row in await database.fetch_all(query, parameters)]


def _stream(row: Row) -> StreamRow:
    return StreamRow(
        stream_id=row["stream_id"],
        kind=row["kind"],
        streamer_name=row["streamer_name"],
        title=row["title"],
        game_category=row["game_category"],
        started_at=micros(row["started_at"]),
        ended_at=micros(row["ended_at"]),
        is_live=row["live_now"],
        viewer_count=row["viewer_count"],
        last_event_at=to_microseconds(row["last_event_at"]),
        feed_stale=row["feed_stale"],
    )
