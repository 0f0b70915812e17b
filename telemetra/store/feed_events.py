"""The feed events of the archive in the order of the log, for processes that do not run the pipeline."""

from __future__ import annotations

from telemetra.model.event import Event
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.store.database import Database

# `received_at` names the days of the archive that have to be looked at.
_AFTER = """
    SELECT log_offset, event_id, type, workspace_id, stream_id, source, timestamp, received_at, data::text AS data,
        correlation_id, connector_id, session_id
    FROM events
    WHERE partition = 0 AND log_offset > %(after)s AND log_offset < %(until)s AND received_at >= %(since)s
        AND session_id IS NOT NULL
    ORDER BY log_offset LIMIT %(limit)s
"""


async def feed_events_after(
    database: Database, after: int, until: int, *, since: int, limit: int
) -> list[tuple[int, Event]]:
    """(offset, event) of those with after < offset < until that arrived at or after `since` (microseconds)."""
    rows = await database.fetch_all(
        _AFTER, {"after": after, "until": until, "since": to_datetime(since), "limit": limit}
    )
    return [
        (
            row["log_offset"],
            Event(
                event_id=row["event_id"],
                type=row["type"],
                workspace_id=row["workspace_id"],
                stream_id=row["stream_id"],
                source=row["source"],
                timestamp=to_microseconds(row["timestamp"]),
                received_at=to_microseconds(row["received_at"]),
                data=row["data"].encode(),
                correlation_id=row["correlation_id"],
                connector_id=row["connector_id"],
                session_id=row["session_id"],
            ),
        )
        for row in rows
    ]
