"""What was missed: a gap is open while nothing is received (`to` is None), closed when data comes again, and filled
when a back-fill (or the late arrival of the missing numbers) has brought what it lost.

Times are event times in microseconds, both inclusive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from psycopg.types.json import Jsonb

from telemetra.store.database import Database, Row, instant, micros

BackfillState = Literal["none", "waiting", "incomplete", "failed", "late", "filled"]


class Gap(msgspec.Struct, kw_only=True):
    """`stream_id` None: one of all streams of the connector. `missing`: how many messages, where numbers tell.

    `backfill`: what became of the request for what was missed; `attempts`: how many runs of the connector have tried.
    """

    id: str
    workspace_id: str
    stream_id: str | None
    connector_id: str | None
    start: int
    end: int | None
    reason: str
    detected_at: int
    filled_at: int | None = None
    missing: int | None = None
    details: dict[str, Any] = {}
    backfill: BackfillState = "none"
    attempts: int = 0

    def touches(self, start: int, end: int) -> bool:
        """Whether [start, end) lies over it."""
        return self.start < end and (self.end is None or self.end >= start)


_OPEN = """
    INSERT INTO gaps (id, workspace_id, stream_id, connector_id, "from", "to", reason, missing, details, backfill,
        attempts)
    VALUES (coalesce(%(id)s::uuid, gen_random_uuid()), %(workspace_id)s, %(stream_id)s, %(connector_id)s, %(start)s,
        %(end)s, %(reason)s, %(missing)s, %(details)s, %(backfill)s, %(attempts)s)
    ON CONFLICT (id) DO UPDATE SET "from" = excluded."from", "to" = excluded."to", missing = excluded.missing,
        details = excluded.details, backfill = excluded.backfill, attempts = excluded.attempts
    RETURNING *
"""
_CLOSE = """
    UPDATE gaps SET "from" = least("from", %s), "to" = greatest("from", %s), missing = coalesce(%s, missing),
        details = details || %s, backfill = %s, attempts = %s
    WHERE id = %s RETURNING *
"""
_FILL = """
    UPDATE gaps SET filled_at = clock_timestamp(), "to" = greatest("from", coalesce(%s, "to")), details = details || %s,
        backfill = %s, attempts = %s
    WHERE id = %s AND filled_at IS NULL
"""
_STILL_OPEN = """
    SELECT * FROM gaps WHERE connector_id = %s AND "to" IS NULL AND filled_at IS NULL ORDER BY detected_at DESC LIMIT 1
"""
_TO_FILL = """
    SELECT * FROM gaps
    WHERE connector_id = %s AND "to" IS NOT NULL AND filled_at IS NULL
        AND backfill IN ('waiting', 'incomplete', 'failed') AND attempts < %s AND detected_at > %s
    ORDER BY detected_at DESC LIMIT %s
"""
# Gaps of the stream itself and of the connectors that feed it.
_BETWEEN = """
    SELECT * FROM gaps
    WHERE workspace_id = %(workspace_id)s
        AND (stream_id = %(stream_id)s OR (stream_id IS NULL AND connector_id IN (
            SELECT connector_id FROM connector_streams
            WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s)))
        AND (%(start)s::timestamptz IS NULL OR coalesce("to", 'infinity') >= %(start)s)
        AND (%(end)s::timestamptz IS NULL OR "from" <= %(end)s)
        AND (%(all)s OR filled_at IS NULL)
    ORDER BY "from" DESC LIMIT %(limit)s
"""
_OVER = """
    SELECT wanted.stream_id
    FROM unnest(%(ids)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS wanted (stream_id, start, ending)
    WHERE EXISTS (
        SELECT 1 FROM gaps WHERE workspace_id = %(workspace_id)s AND stream_id = wanted.stream_id
            AND filled_at IS NULL AND "from" < wanted.ending AND coalesce("to", 'infinity') >= wanted.start
    ) OR EXISTS (
        SELECT 1 FROM connector_streams AS fed JOIN gaps USING (connector_id)
        WHERE fed.workspace_id = %(workspace_id)s AND fed.stream_id = wanted.stream_id AND gaps.stream_id IS NULL
            AND filled_at IS NULL AND "from" < wanted.ending AND coalesce("to", 'infinity') >= wanted.start
    )
"""
_OF_CONNECTOR = """
    SELECT * FROM gaps WHERE workspace_id = %s AND connector_id = %s ORDER BY "from" DESC LIMIT %s OFFSET %s
"""
_FINAL_UNTIL = """
    SELECT max(final_until) AS final_until FROM stream_state WHERE workspace_id = %s AND stream_id = ANY(%s)
"""


_LIST = """
    SELECT * FROM gaps
    WHERE workspace_id = %(workspace_id)s
        AND (%(connector_id)s::text IS NULL OR connector_id = %(connector_id)s)
        AND (%(stream_id)s::text IS NULL OR stream_id = %(stream_id)s OR (stream_id IS NULL AND connector_id IN (
            SELECT connector_id FROM connector_streams
            WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s)))
        AND (%(filled)s::boolean IS NULL OR (filled_at IS NOT NULL) = %(filled)s)
    ORDER BY "from" DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
"""


async def open_gap(
    database: Database,
    *,
    gap_id: str | None = None,
    workspace_id: str,
    start: int,
    reason: str,
    connector_id: str | None = None,
    stream_id: str | None = None,
    end: int | None = None,
    missing: int | None = None,
    details: dict[str, Any] | None = None,
    backfill: BackfillState = "none",
    attempts: int = 0,
) -> Gap:
    """Record a gap; with `end` it is closed already. With the same `gap_id` again it is one gap, as it is said last."""
    values = {
        "id": gap_id,
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "connector_id": connector_id,
        "start": instant(start),
        "end": instant(end),
        "reason": reason,
        "missing": missing,
        "details": Jsonb(details or {}),
        "backfill": backfill,
        "attempts": attempts,
    }
    row = await database.fetch_one(_OPEN, values)
    assert row is not None, "INSERT … RETURNING gives the row"
    return _gap(row)


async def close_gap(
    database: Database,
    gap_id: str,
    end: int,
    *,
    start: int | None = None,
    missing: int | None = None,
    details: dict[str, Any] | None = None,
    backfill: BackfillState = "none",
    attempts: int = 0,
) -> Gap | None:
    """Data has come again, from `end` on, and how far a back-fill has got; None when the gap is gone.

    `start`: where it is known to begin now, if that is earlier.
    """
    values = (instant(start), instant(end), missing, Jsonb(details or {}), backfill, attempts, gap_id)
    row = await database.fetch_one(_CLOSE, values)
    return None if row is None else _gap(row)


async def fill_gap(
    database: Database,
    gap_id: str,
    details: dict[str, Any] | None = None,
    *,
    end: int | None = None,
    backfill: BackfillState = "none",
    attempts: int = 0,
) -> bool:
    """What was lost, until `end` (None: as stored), is there now; whether that is news."""
    return bool(await database.execute(_FILL, (instant(end), Jsonb(details or {}), backfill, attempts, gap_id)))


async def still_open(database: Database, connector_id: str) -> Gap | None:
    """The gap that an earlier owner of the connector left open."""
    row = await database.fetch_one(_STILL_OPEN, (connector_id,))
    return None if row is None else _gap(row)


async def gaps_to_fill(
    database: Database, connector_id: str, *, since: int, most_attempts: int, limit: int
) -> list[Gap]:
    """Closed gaps that a back-fill should still fill: noticed after `since`, tried less often than `most_attempts`."""
    rows = await database.fetch_all(_TO_FILL, (connector_id, most_attempts, instant(since), limit))
    return [_gap(row) for row in rows]


async def gaps_between(
    database: Database,
    workspace_id: str,
    stream_id: str,
    start: int | None = None,
    end: int | None = None,
    *,
    filled: bool = False,
    limit: int = 1000,
) -> list[Gap]:
    """Gaps that touch [start, end] (None: open), newest first; `filled` ones too when asked for."""
    values = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "start": instant(start),
        "end": instant(end),
        "all": filled,
        "limit": limit,
    }
    return [_gap(row) for row in await database.fetch_all(_BETWEEN, values)]


async def streams_over_gaps(database: Database, workspace_id: str, windows: Mapping[str, tuple[int, int]]) -> set[str]:
    """Of the streams with one window [start, end) each, those whose window lies over a gap that is not filled."""
    values = {
        "workspace_id": workspace_id,
        "ids": list(windows),
        "starts": [instant(start) for start, _ in windows.values()],
        "ends": [instant(end) for _, end in windows.values()],
    }
    return {row["stream_id"] for row in await database.fetch_all(_OVER, values)}


async def gaps_of_connector(
    database: Database, workspace_id: str, connector_id: str, *, limit: int = 100, offset: int = 0
) -> list[Gap]:
    """All gaps of a connector, newest first."""
    rows = await database.fetch_all(_OF_CONNECTOR, (workspace_id, connector_id, limit, offset))
    return [_gap(row) for row in rows]


async def final_until(database: Database, workspace_id: str, streams: Sequence[str]) -> int | None:
    """Events before this are late in at least one of the streams; None when none of them has any final minute."""
    row = await database.fetch_one(_FINAL_UNTIL, (workspace_id, list(streams)))
    return None if row is None else micros(row["final_until"])


async def list_gaps(
    database: Database,
    workspace_id: str,
    *,
    stream_id: str | None = None,
    connector_id: str | None = None,
    filled: bool | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Gap]:
    """Gaps of a workspace, newest first. Those of a stream are its own and those of the connectors that feed it."""
    values = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "connector_id": connector_id,
        "filled": filled,
        "limit": limit,
        "offset": offset,
    }
    return [_gap(row) for row in await database.fetch_all(_LIST, values)]


def _gap(row: Row) -> Gap:
    start, detected_at = micros(row["from"]), micros(row["detected_at"])
    assert start is not None and detected_at is not None, "NOT NULL"
    return Gap(
        id=str(row["id"]),
        workspace_id=row["workspace_id"],
        stream_id=row["stream_id"],
        connector_id=row["connector_id"],
        start=start,
        end=micros(row["to"]),
        reason=row["reason"],
        detected_at=detected_at,
        filled_at=micros(row["filled_at"]),
        missing=row["missing"],
        details=row["details"],
        backfill=row["backfill"],
        attempts=row["attempts"],
    )
