"""What a back-test reads: the archive of one stream in log order, by pages, in one read-only transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from telemetra.kinds.base import EVENT_COUNT, Kind
from telemetra.model.event import Event, StreamKey
from telemetra.model.moment import Moment
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.store.database import Database, micros
from telemetra.store.moments import moment_of

PAGE_EVENTS = 2_000

_BEGIN = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    # All pages are read: what counts is when the last one comes, not the first.
    "SET LOCAL cursor_tuple_fraction = 1",
    # The first page of a long range waits for the sort of all of it.
    "SET LOCAL statement_timeout = 0",
)
_KIND = "SELECT kind FROM streams WHERE workspace_id = %s AND stream_id = %s"
_SPAN = "SELECT min(timestamp), max(timestamp) FROM events WHERE workspace_id = %s AND stream_id = %s"
_COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM events WHERE workspace_id = %s AND stream_id = %s AND timestamp >= %s AND timestamp < %s LIMIT %s
    ) AS bounded
"""
_MISSING = """
    SELECT min(window_start), max(window_start), count(*) FROM {table} AS stored LEFT JOIN (
        SELECT date_trunc('minute', timestamp) AS window_start, count(*) AS held FROM events
        WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s AND disposition = 'counted'
            AND timestamp >= %(start)s AND timestamp < %(end)s GROUP BY 1
    ) AS archive USING (window_start)
    WHERE workspace_id = %(workspace_id)s AND stream_id = %(stream_id)s
        AND window_start >= %(start)s AND window_start < %(end)s AND stored.{events} > coalesce(held, 0)
"""
_EVENTS = """
    SELECT event_id, type, source, timestamp, received_at, data::text FROM events
    WHERE workspace_id = %s AND stream_id = %s AND timestamp >= %s AND timestamp < %s ORDER BY partition, log_offset
"""
_NEXT = """
    SELECT event_id, type, source, timestamp, received_at, data::text FROM events
    WHERE workspace_id = %s AND stream_id = %s AND timestamp >= %s AND disposition = 'counted'
    ORDER BY timestamp, partition, log_offset LIMIT 1
"""
_FIRST_MINUTE = "SELECT min(window_start) FROM {table} WHERE workspace_id = %s AND stream_id = %s"
# The evidence of thousands of moments would be the most of what is read, and none of it is shown.
_MOMENTS = """
    SELECT moment_id, version, workspace_id, stream_id, timestamp, ended_at, moment_type, description, metric_name,
        metric_value, threshold, z_score, severity, jsonb_build_object('cause', metadata->'cause') AS metadata
    FROM moments WHERE workspace_id = %s AND stream_id = %s AND timestamp >= %s AND timestamp < %s ORDER BY timestamp
"""


class Missing(NamedTuple):
    """Minutes whose rows were counted from more events than the archive still holds: start of the first and the last
    of them (microseconds), and how many there are."""

    first: int
    last: int
    minutes: int


class Archive:
    """The archived events of one stream as of one instant, whatever is written meanwhile."""

    def __init__(self, connection: AsyncConnection[Any], key: StreamKey) -> None:
        self._connection = connection
        self._key = key

    async def kind(self) -> str | None:
        """The stream's kind, None for an unknown stream."""
        row = await (await self._connection.execute(_KIND, self._key)).fetchone()
        return None if row is None else str(row[0])

    async def span(self) -> tuple[int, int] | None:
        """The times of the first and the last event, None when there is none."""
        row = await (await self._connection.execute(_SPAN, self._key)).fetchone()
        return None if row is None or row[0] is None else (to_microseconds(row[0]), to_microseconds(row[1]))

    async def count(self, start: int, end: int, limit: int | None) -> int:
        """How many events lie in [start, end), up to `limit` (None: all)."""
        cursor = await self._connection.execute(_COUNT, (*self._key, to_datetime(start), to_datetime(end), limit))
        row = await cursor.fetchone()
        return 0 if row is None else int(row[0])

    async def missing(self, kind: Kind, start: int, end: int) -> Missing | None:
        """What the archive lacks of the minutes that start in [start, end); both are whole minutes."""
        query = sql.SQL(_MISSING).format(table=sql.Identifier(kind.table), events=sql.Identifier(EVENT_COUNT))
        workspace_id, stream_id = self._key
        times = {"start": to_datetime(start), "end": to_datetime(end)}
        cursor = await self._connection.execute(query, {"workspace_id": workspace_id, "stream_id": stream_id, **times})
        row = await cursor.fetchone()
        first, last, minutes = row or (None, None, 0)
        return Missing(micros(first) or 0, micros(last) or 0, minutes) if minutes else None

    async def first_minute(self, kind: Kind) -> int | None:
        """The start of the stream's oldest stored minute."""
        query = sql.SQL(_FIRST_MINUTE).format(table=sql.Identifier(kind.table))
        row = await (await self._connection.execute(query, self._key)).fetchone()
        return None if row is None else micros(row[0])

    async def moments(self, start: int, end: int) -> list[Moment]:
        """The stored moments with an onset in [start, end), oldest first; of their metadata only the cause."""
        cursor = self._connection.cursor(row_factory=dict_row)
        await cursor.execute(_MOMENTS, (*self._key, to_datetime(start), to_datetime(end)))
        return [moment_of(row) for row in await cursor.fetchall()]

    async def pages(self, start: int, end: int) -> AsyncIterator[list[Event]]:
        """The events of [start, end) in the order of the log; no more than a page is in memory."""
        async with self._connection.cursor(name="backtest") as cursor:
            await cursor.execute(_EVENTS, (*self._key, to_datetime(start), to_datetime(end)))
            while rows := await cursor.fetchmany(PAGE_EVENTS):
                yield [self._event(row) for row in rows]

    async def next_event(self, after: int) -> Event | None:
        """The first counted event at or after a time."""
        row = await (await self._connection.execute(_NEXT, (*self._key, to_datetime(after)))).fetchone()
        return None if row is None else self._event(row)

    def _event(self, row: Sequence[Any]) -> Event:
        event_id, event_type, source, timestamp, received_at, data = row
        return Event(
            event_id=event_id,
            type=event_type,
            workspace_id=self._key[0],
            stream_id=self._key[1],
            source=source,
            timestamp=to_microseconds(timestamp),
            received_at=to_microseconds(received_at),
            data=data.encode(),
        )


@asynccontextmanager
async def open_archive(database: Database, key: StreamKey) -> AsyncIterator[Archive]:
    """For the time of the block, which the database holds to reading."""
    async with database.transaction() as connection:
        for statement in _BEGIN:
            await connection.execute(statement)
        yield Archive(connection, key)
