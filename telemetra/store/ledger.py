"""The ledger: what became of everything received."""

from __future__ import annotations

import msgspec
from psycopg import sql

from telemetra.model.times import to_microseconds
from telemetra.store.database import Database, instant

_ROWS = sql.SQL("""
    SELECT minute, source, received, counted, duplicate, late, rejected, dead FROM ledger_minute
    WHERE workspace_id = %(workspace_id)s {conditions} ORDER BY minute DESC, source LIMIT %(limit)s
""")
_TOTAL = sql.SQL("""
    SELECT coalesce(sum(received), 0)::bigint AS received, coalesce(sum(counted), 0)::bigint AS counted,
        coalesce(sum(duplicate), 0)::bigint AS duplicate, coalesce(sum(late), 0)::bigint AS late,
        coalesce(sum(rejected), 0)::bigint AS rejected, coalesce(sum(dead), 0)::bigint AS dead
    FROM ledger_minute WHERE workspace_id = %(workspace_id)s {conditions}
""")
_STREAM_ROWS = sql.SQL("""
    SELECT minute, duplicate, late FROM stream_ledger_minute
    WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s AND (duplicate, late) <> (0, 0) {conditions}
    ORDER BY minute DESC LIMIT %(limit)s
""")
_STREAM_TOTAL = sql.SQL("""
    SELECT coalesce(sum(duplicate), 0)::bigint AS duplicate, coalesce(sum(late), 0)::bigint AS late
    FROM stream_ledger_minute WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s {conditions}
""")
_FROM = sql.SQL("AND minute >= %(start)s")
_TO = sql.SQL("AND minute <= %(end)s")
_SOURCE = sql.SQL("AND source = %(source)s")


class LedgerCounts(msgspec.Struct):
    """received = counted + duplicate + late + rejected + dead (the table computes it)."""

    received: int
    counted: int
    duplicate: int
    late: int
    rejected: int
    dead: int


class LedgerMinute(msgspec.Struct):
    """One source's events of one minute of arrival (microseconds, its start)."""

    minute: int
    source: str
    received: int
    counted: int
    duplicate: int
    late: int
    rejected: int
    dead: int


async def read_ledger(
    database: Database,
    workspace_id: str,
    *,
    limit: int,
    start: int | None = None,
    end: int | None = None,
    source: str | None = None,
) -> tuple[list[LedgerMinute], LedgerCounts]:
    """The newest minutes that begin in [start, end] (microseconds; None: open), and the total of all of them."""
    chosen = [_FROM] * (start is not None) + [_TO] * (end is not None) + [_SOURCE] * (source is not None)
    conditions = sql.SQL(" ").join(chosen)
    parameters = {
        "workspace_id": workspace_id,
        "start": instant(start),
        "end": instant(end),
        "source": source,
        "limit": limit,
    }
    rows = await database.fetch_all(_ROWS.format(conditions=conditions), parameters)
    total = await database.fetch_one(_TOTAL.format(conditions=conditions), parameters)
    assert total is not None, "an aggregate without GROUP BY always has a row"
    minutes = [LedgerMinute(**row | {"minute": to_microseconds(row["minute"])}) for row in rows]
    return minutes, LedgerCounts(**total)


class StreamLedgerCounts(msgspec.Struct):
    """Events of one stream that were not counted."""

    duplicate: int
    late: int


class StreamLedgerMinute(msgspec.Struct):
    """Those of one minute of arrival (microseconds, its start)."""

    minute: int
    duplicate: int
    late: int


async def read_stream_ledger(
    database: Database,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    start: int | None = None,
    end: int | None = None,
) -> tuple[list[StreamLedgerMinute], StreamLedgerCounts]:
    """The newest minutes that begin in [start, end] (microseconds; None: open) and hold such an event, and the total of
    all of them."""
    conditions = sql.SQL(" ").join([_FROM] * (start is not None) + [_TO] * (end is not None))
    parameters = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "start": instant(start),
        "end": instant(end),
        "limit": limit,
    }
    rows = await database.fetch_all(_STREAM_ROWS.format(conditions=conditions), parameters)
    total = await database.fetch_one(_STREAM_TOTAL.format(conditions=conditions), parameters)
    assert total is not None, "an aggregate without GROUP BY always has a row"
    minutes = [StreamLedgerMinute(**row | {"minute": to_microseconds(row["minute"])}) for row in rows]
    return minutes, StreamLedgerCounts(**total)
