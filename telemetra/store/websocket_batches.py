"""The table `websocket_batches`: what each connector has handed in, summed up over some seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from telemetra.store.database import Database, instant


class BatchRow(msgspec.Struct, kw_only=True):
    """`timestamp` in microseconds; offsets are those of the log, both inclusive."""

    workspace_id: str
    connector_id: str
    timestamp: int
    exchange: str
    total_messages: int
    messages_per_second: float
    instruments: list[str]
    first_offset: int | None
    last_offset: int | None
    metrics: dict[str, Any]


_INSERT = """
    INSERT INTO websocket_batches (workspace_id, connector_id, timestamp, exchange, total_messages,
        messages_per_second, instruments, first_offset, last_offset, metrics)
    SELECT workspace_id, connector_id, timestamp, exchange, total_messages, messages_per_second, instruments,
        first_offset, last_offset, metrics
    FROM jsonb_to_recordset(%s) AS given(workspace_id text, connector_id text, timestamp timestamptz, exchange text,
        total_messages bigint, messages_per_second double precision, instruments text[], first_offset bigint,
        last_offset bigint, metrics jsonb)
"""
_DELETE = "DELETE FROM websocket_batches WHERE timestamp < %s"


async def add_batches(database: Database, rows: Sequence[BatchRow]) -> None:
    """Store rows, in one statement."""
    given = []
    for row in rows:
        time = instant(row.timestamp)
        assert time is not None, "a time"
        given.append(msgspec.structs.asdict(row) | {"timestamp": time.isoformat()})
    if given:
        await database.execute(_INSERT, (Jsonb(given),))


async def delete_batches(database: Database, before: int) -> int:
    """Forget what is older than `before` (microseconds); returns the number of rows."""
    return await database.execute(_DELETE, (instant(before),))
