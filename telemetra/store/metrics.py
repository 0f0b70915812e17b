"""Stored minutes of any kind: the columns follow from the kind's declaration."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import sql

from telemetra.kinds.base import Kind
from telemetra.model.times import to_microseconds
from telemetra.model.window import MINUTE, Band
from telemetra.store.bands import band_of_row
from telemetra.store.database import Database, Row, instant, micros
from telemetra.store.gaps import gaps_between

_MINUTES = sql.SQL("""
    SELECT window_start, z_score, baseline_level, baseline_low, baseline_high, is_anomaly, suspect, {columns},
        coalesce(window_end <= (
            SELECT final_until FROM stream_state WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s
        ), false) AS final
    FROM {table} WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s {conditions}
    ORDER BY window_start DESC LIMIT %(limit)s
""")
_FROM = sql.SQL("AND window_start >= %(start)s")
_TO = sql.SQL("AND window_start <= %(end)s")


class StoredMinute(msgspec.Struct):
    """One minute; times in microseconds. `values` holds what the kind's measures stored, by column.

    `final`: no event can change it any more. `suspect`: it lies over a gap of the feed that is not filled.
    """

    window_start: int
    values: dict[str, Any]
    z_score: float | None
    baseline: Band | None
    is_anomaly: bool
    suspect: bool
    final: bool

    @property
    def window_end(self) -> int:
        return self.window_start + MINUTE


async def list_minutes(
    database: Database,
    kind: Kind,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    start: int | None = None,
    end: int | None = None,
) -> list[StoredMinute]:
    """Minutes whose end is in [start, end] (microseconds; None: open), newest first."""
    if not kind.has_minutes:
        return []
    query = _MINUTES.format(
        columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in kind.columns),
        table=sql.Identifier(kind.table),
        conditions=sql.SQL(" ").join([_FROM] * (start is not None) + [_TO] * (end is not None)),
    )
    parameters = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "start": None if start is None else instant(start - MINUTE),
        "end": None if end is None else instant(end - MINUTE),
        "limit": limit,
    }
    minutes = [minute_of(kind, row) for row in await database.fetch_all(query, parameters)]
    if minutes:
        first, last = minutes[-1].window_start, minutes[0].window_end - 1
        gaps = await gaps_between(database, workspace_id, stream_id, first, last)
        for minute in minutes:
            minute.suspect |= any(gap.touches(minute.window_start, minute.window_end) for gap in gaps)
    return minutes


def minute_of(kind: Kind, row: Row) -> StoredMinute:
    """A row with all columns of the kind."""
    values = {column.name: row[column.name] for column in kind.columns}
    for column in kind.columns:
        if column.sql_type == "timestamptz":
            values[column.name] = micros(values[column.name])
    return StoredMinute(
        window_start=to_microseconds(row["window_start"]),
        values=values,
        z_score=row["z_score"],
        baseline=band_of_row(row),
        is_anomaly=row["is_anomaly"],
        suspect=row["suspect"],
        final=row["final"],
    )
