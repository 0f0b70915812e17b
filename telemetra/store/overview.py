"""What a list of streams shows of each: its newest minute and the line of its last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import sql

from telemetra.kinds.base import Kind
from telemetra.store.database import Database
from telemetra.store.gaps import streams_over_gaps
from telemetra.store.metrics import StoredMinute, minute_of

# `line` counts minutes back from the newest one; a minute without events has no row and so no point.
_NEWEST = sql.SQL("""
    SELECT wanted.stream_id, newest.*, line.ages, line.points FROM unnest(%(streams)s::text[]) AS wanted (stream_id),
    LATERAL (
        SELECT window_start, z_score, baseline_level, baseline_low, baseline_high, is_anomaly, suspect,
            false AS final, {columns}
        FROM {table} AS minutes
        WHERE minutes.workspace_id = %(workspace_id)s AND minutes.stream_id = wanted.stream_id
        ORDER BY window_start DESC LIMIT 1
    ) AS newest,
    LATERAL (
        SELECT array_agg(extract(epoch FROM newest.window_start - minutes.window_start)::int / 60) AS ages,
            array_agg({line}::float8) AS points
        FROM {table} AS minutes
        WHERE minutes.workspace_id = %(workspace_id)s AND minutes.stream_id = wanted.stream_id
        AND minutes.window_start > newest.window_start - make_interval(mins => %(minutes)s)
    ) AS line
""")
_NO_LINE = sql.SQL("NULL")


class StreamLine(msgspec.Struct):
    """`newest` minute of a stream and its `line`: the value per minute up to it, oldest first, None without events."""

    newest: StoredMinute
    line: list[float | None]


async def newest_minutes(
    database: Database, kind: Kind, workspace_id: str, stream_ids: Sequence[str], *, minutes: int
) -> dict[str, StreamLine]:
    """By stream, of those that have a minute; one question for all of them."""
    if not kind.has_minutes:
        return {}
    query = _NEWEST.format(
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in kind.columns),
        table=sql.Identifier(kind.table),
        line=_NO_LINE if kind.line is None else sql.Identifier(kind.line),
    )
    parameters = {"workspace_id": workspace_id, "streams": list(stream_ids), "minutes": minutes}
    found = {}
    for row in await database.fetch_all(query, parameters):
        line = _line(row, minutes) if kind.line is not None else []
        found[row["stream_id"]] = StreamLine(minute_of(kind, row), line)
    windows = {stream: (line.newest.window_start, line.newest.window_end) for stream, line in found.items()}
    for stream in await streams_over_gaps(database, workspace_id, windows) if windows else ():
        found[stream].newest.suspect = True
    return found


def _line(row: dict[str, Any], minutes: int) -> list[float | None]:
    points: list[float | None] = [None] * minutes
    for age, value in zip(row["ages"], row["points"], strict=True):
        points[-1 - age] = value
    while points and points[0] is None:
        del points[0]
    return points
