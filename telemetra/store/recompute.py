"""What recompute reads and writes: final minutes of one stream and hour, in one transaction (SPEC 4, recompute)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from telemetra.engine.effects import LedgerKey, StreamLedgerKey, TableRow
from telemetra.kinds.base import EVENT_COUNT, Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, StreamKey
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.store.checkpoint import add_to_ledger, add_to_stream_ledger, minute_columns, save_table_rows
from telemetra.store.database import Database
from telemetra.store.upsert import upsert

_LOCK_KEY = 0x7265636F  # "reco"

_STREAMS = """
    SELECT workspace_id, stream_id, kind, final_until FROM streams JOIN stream_state USING (workspace_id, stream_id)
    WHERE workspace_id = %s AND (%s::text IS NULL OR stream_id = %s) ORDER BY stream_id
"""
_HOURS = """
    SELECT DISTINCT date_trunc('hour', timestamp) FROM events
    WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s
        AND timestamp >= %(start)s AND timestamp < %(end)s
    UNION
    SELECT DISTINCT date_trunc('hour', window_start) FROM {table}
    WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s
        AND window_start >= %(start)s AND window_start < %(end)s
    ORDER BY 1
"""
_EVENT_COUNTS = """
    SELECT window_start, {column} FROM {table}
    WHERE workspace_id = %s AND stream_id = %s AND window_start >= %s AND window_start < %s
"""
_EVENTS = """
    SELECT partition, log_offset, disposition, event_id, type, timestamp, received_at, source, data::text AS data
    FROM events WHERE workspace_id = %s AND stream_id = %s AND timestamp >= %s AND timestamp < %s
    ORDER BY partition, log_offset
"""
# received_at leads to the day's partition; the offset alone is what identifies the event.
_COUNT = """
    UPDATE events SET disposition = 'counted'
    WHERE partition = %s AND log_offset = ANY(%s) AND received_at = ANY(%s)
"""
_REMOVE = "DELETE FROM events WHERE partition = %s AND log_offset = ANY(%s) AND received_at = ANY(%s)"
_NOTE = "UPDATE pipeline_offsets SET recomputed_at = clock_timestamp()"


class FinalStream(msgspec.Struct):
    key: StreamKey
    kind: str
    final_until: int


class ArchivedItem(msgspec.Struct):
    """An event of the archive with its place in the log."""

    partition: int
    offset: int
    disposition: str
    event: Event


class Correction(msgspec.Struct):
    """What one stream-hour comes to. `minutes`: measure columns by start of minute; the ledgers hold differences."""

    counted: list[ArchivedItem]
    repeats: list[ArchivedItem]
    minutes: dict[int, dict[str, Any]]
    table_rows: list[TableRow]
    ledger: dict[LedgerKey, list[int]]
    stream_ledger: dict[StreamLedgerKey, list[int]]


async def streams(database: Database, workspace_id: str, stream_id: str | None) -> list[FinalStream]:
    """The streams of a workspace (or one of them), and until when their minutes are final."""
    return [
        FinalStream((row["workspace_id"], row["stream_id"]), row["kind"], to_microseconds(row["final_until"]))
        for row in await database.fetch_all(_STREAMS, (workspace_id, stream_id, stream_id))
    ]


async def hours(database: Database, kind: Kind, key: StreamKey, start: int, end: int) -> list[int]:
    """The hours that hold an archived event or a stored minute of [start, end)."""
    parameters = {"workspace_id": key[0], "stream_id": key[1], "start": to_datetime(start), "end": to_datetime(end)}
    statement = sql.SQL(_HOURS).format(table=sql.Identifier(kind.table))
    async with database.connection() as connection:
        cursor = await connection.execute(statement, parameters)
        return [to_microseconds(row[0]) for row in await cursor.fetchall()]


async def event_counts(
    connection: AsyncConnection[Any], kind: Kind, key: StreamKey, start: int, end: int
) -> dict[int, int]:
    """By start of minute: how many events the stored row was counted from."""
    statement = sql.SQL(_EVENT_COUNTS).format(table=sql.Identifier(kind.table), column=sql.Identifier(EVENT_COUNT))
    cursor = await connection.execute(statement, (*key, to_datetime(start), to_datetime(end)))
    return {to_microseconds(row[0]): row[1] for row in await cursor.fetchall()}


async def lock(connection: AsyncConnection[Any]) -> None:
    """One recompute at a time: two would both take the same late events in."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))


async def archived(connection: AsyncConnection[Any], key: StreamKey, start: int, end: int) -> list[ArchivedItem]:
    """The events of [start, end) in log order."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_EVENTS, (*key, to_datetime(start), to_datetime(end)))
    return [_item(row, key) for row in await cursor.fetchall()]


async def save(
    connection: AsyncConnection[Any], registry: Registry, kind: Kind, key: StreamKey, correction: Correction
) -> int:
    """Write a correction; returns the number of minute rows that changed. z_score and is_anomaly stay as they are."""
    for statement, items in ((_COUNT, correction.counted), (_REMOVE, correction.repeats)):
        for partition in {item.partition for item in items}:
            of_partition = [item for item in items if item.partition == partition]
            offsets = [item.offset for item in of_partition]
            days = [to_datetime(item.event.received_at) for item in of_partition]
            await connection.execute(statement, (partition, offsets, days))
    rows = [minute_columns(key, start, values, kind.columns) for start, values in sorted(correction.minutes.items())]
    unique = ("workspace_id", "stream_id", "window_start")
    changed = await upsert(connection, kind.table, unique, rows, touch="processed_at", only_changed=True)
    await save_table_rows(connection, registry, correction.table_rows, partition=0)
    await add_to_ledger(connection, correction.ledger)
    await add_to_stream_ledger(connection, correction.stream_ledger)
    await connection.execute(_NOTE)
    return changed


def _item(row: Mapping[str, Any], key: StreamKey) -> ArchivedItem:
    event = Event(
        event_id=row["event_id"],
        type=row["type"],
        workspace_id=key[0],
        stream_id=key[1],
        source=row["source"],
        timestamp=to_microseconds(row["timestamp"]),
        received_at=to_microseconds(row["received_at"]),
        data=row["data"].encode(),
    )
    return ArchivedItem(row["partition"], row["log_offset"], row["disposition"], event)
