"""Questions about moments. They are answered in the vocabulary's own `Moment`."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.store.database import Database, Row, instant, micros

_COLUMNS = sql.SQL("""
    moment_id, version, workspace_id, stream_id, timestamp, ended_at, moment_type, description, metric_name,
    metric_value, threshold, z_score, severity, metadata, emitted_offset
""")
_LIST = sql.SQL("""
    SELECT {columns} FROM moments WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s {conditions}
    ORDER BY timestamp DESC, moment_id LIMIT %(limit)s
""")
_TYPE = sql.SQL("AND moment_type = %(moment_type)s")
_FROM = sql.SQL("AND timestamp >= %(start)s")
_TO = sql.SQL("AND timestamp <= %(end)s")
_AFTER = sql.SQL("""
    SELECT {columns} FROM moments
    WHERE workspace_id = %s AND stream_id = %s AND emitted_offset > %s AND emitted_at >= %s
    ORDER BY emitted_offset, timestamp, moment_id
""").format(columns=_COLUMNS)
_SINCE = sql.SQL("""
    SELECT {columns} FROM moments WHERE emitted_at >= %s ORDER BY emitted_offset, timestamp, moment_id
""").format(columns=_COLUMNS)
_RECENT = sql.SQL("""
    SELECT newest.* FROM unnest(%s::text[], %s::text[]) AS wanted (workspace_id, stream_id), LATERAL (
        SELECT {columns} FROM moments
        WHERE moments.workspace_id = wanted.workspace_id AND moments.stream_id = wanted.stream_id
        ORDER BY timestamp DESC, moment_id LIMIT %s
    ) AS newest
""").format(columns=_COLUMNS)


async def list_moments(
    database: Database,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    moment_type: str | None = None,
    start: int | None = None,
    end: int | None = None,
) -> list[Moment]:
    """Moments whose onset is in [start, end] (microseconds; None: open), newest first; [] for an unknown stream."""
    conditions = [_TYPE] * (moment_type is not None) + [_FROM] * (start is not None) + [_TO] * (end is not None)
    parameters = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "moment_type": moment_type,
        "start": instant(start),
        "end": instant(end),
        "limit": limit,
    }
    query = _LIST.format(columns=_COLUMNS, conditions=sql.SQL(" ").join(conditions))
    return [moment_of(row) for row in await database.fetch_all(query, parameters)]


async def moments_after(
    database: Database, workspace_id: str, stream_id: str, offset: int, *, since: int
) -> list[Moment]:
    """Moments of a stream that a checkpoint after `offset` emitted at or after `since`, in the order of emission."""
    parameters = (workspace_id, stream_id, offset, to_datetime(since))
    return [moment_of(row) for row in await database.fetch_all(_AFTER, parameters)]


async def moments_since(database: Database, since: int) -> list[Moment]:
    """All moments of all streams stored at or after `since`, in the order of emission: what a new owner says again."""
    return [moment_of(row) for row in await database.fetch_all(_SINCE, (to_datetime(since),))]


async def recent_moments(
    database: Database, streams: Sequence[StreamKey], *, limit: int = 5
) -> dict[StreamKey, list[Moment]]:
    """The newest moments of each stream, newest first; every stream asked for is a key."""
    recent: dict[StreamKey, list[Moment]] = {key: [] for key in streams}
    if recent:
        workspaces, ids = zip(*recent, strict=True)
        for row in await database.fetch_all(_RECENT, (list(workspaces), list(ids), limit)):
            moment = moment_of(row)
            recent[moment.workspace_id, moment.stream_id].append(moment)
    return recent


def moment_of(row: Row) -> Moment:
    """A row of `moments` in the vocabulary; changes the row."""
    row["timestamp"] = to_microseconds(row["timestamp"])
    row["ended_at"] = micros(row["ended_at"])
    return Moment(**row)
