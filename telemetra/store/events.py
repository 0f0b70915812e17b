"""The archive of raw events, read by pages."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from psycopg import sql

from telemetra.model.times import to_datetime, to_microseconds
from telemetra.store.database import Database, Row

_PAGE = sql.SQL("""
    SELECT event_id, type, workspace_id, stream_id, source, timestamp, received_at, disposition, correlation_id,
        connector_id, session_id, data::text AS data, partition, log_offset
    FROM events WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s {conditions}
    ORDER BY timestamp DESC, partition DESC, log_offset DESC LIMIT %(limit)s
""")
_TYPE = sql.SQL("AND type = %(type)s")
# The first condition alone is what the index can use.
_BEFORE = sql.SQL("""
    AND timestamp <= %(before)s AND (timestamp, partition, log_offset) < (%(before)s, %(partition)s, %(log_offset)s)
""")


class EventPosition(msgspec.Struct, frozen=True):
    """A place in a stream's archive: before all events of `timestamp` (microseconds), or just before one of them."""

    timestamp: int
    partition: int = 0
    log_offset: int = 0


class ArchivedEvent(msgspec.Struct):
    """One event as archived; times in microseconds, `data` is its JSON text."""

    event_id: str
    type: str
    workspace_id: str
    stream_id: str
    source: str
    timestamp: int
    received_at: int
    disposition: Literal["counted", "late"]
    correlation_id: str | None
    connector_id: str | None
    session_id: str | None
    data: str
    partition: int
    log_offset: int

    @property
    def position(self) -> EventPosition:
        """Where the page after this event goes on."""
        return EventPosition(self.timestamp, self.partition, self.log_offset)


async def list_events(
    database: Database,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    before: EventPosition | None = None,
    event_type: str | None = None,
) -> list[ArchivedEvent]:
    """Newest first, strictly before a position. Pages by position neither repeat nor skip while events arrive."""
    conditions = [_TYPE] * (event_type is not None) + [_BEFORE] * (before is not None)
    parameters: dict[str, Any] = {
        "workspace_id": workspace_id,
        "stream_id": stream_id,
        "type": event_type,
        "limit": limit,
    }
    if before is not None:
        parameters["before"] = to_datetime(before.timestamp)
        parameters |= {"partition": before.partition, "log_offset": before.log_offset}
    rows = await database.fetch_all(_PAGE.format(conditions=sql.SQL(" ").join(conditions)), parameters)
    return [_event(row) for row in rows]


def _event(row: Row) -> ArchivedEvent:
    row["timestamp"] = to_microseconds(row["timestamp"])
    row["received_at"] = to_microseconds(row["received_at"])
    return ArchivedEvent(**row)
