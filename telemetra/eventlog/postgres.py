"""The EventLog on PostgreSQL: one record per group commit, offsets from the head row (SPEC 4, Log).

The row lock on `log_head` makes the order of commits the order of offsets, so a reader that sees offset n has seen
everything below n. A sequence would not: its numbers are taken before the commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from telemetra.errors import LogUnavailable, OffsetOutOfRange, Overloaded, TelemetraError, Unavailable
from telemetra.eventlog import codec
from telemetra.eventlog.base import LogPosition, LogRead
from telemetra.model.event import LogItem, Rejection, count_of, cut
from telemetra.observability import Metrics
from telemetra.store.database import Database, Failure, classify, instant

RECORD_ITEMS = 10_000
"""A larger group is written as several records of one transaction, so that readers need not decode it whole."""

POLL_SECONDS = 0.05

_TAKE_OFFSETS = "UPDATE log_head SET next = next + %s WHERE partition = %s RETURNING next"
_INSERT = "INSERT INTO log_records (partition, next_offset, items, payload) VALUES (%s, %s, %s, %s)"
_APPEND_ONE = """
    WITH head AS (UPDATE log_head SET next = next + %(items)s WHERE partition = %(partition)s RETURNING next)
    INSERT INTO log_records (partition, next_offset, items, payload)
    SELECT %(partition)s, next, %(items)s, %(payload)s FROM head RETURNING next_offset
"""
_POSITION = "SELECT epoch::text AS epoch, first, next FROM log_head WHERE partition = %s"
_READ = """
    SELECT next_offset, items, payload FROM log_records
    WHERE partition = %s AND next_offset > %s AND next_offset - items < %s ORDER BY next_offset
"""
_TRIM = """
    WITH gone AS (
        DELETE FROM log_records WHERE partition = %(partition)s AND next_offset <= %(before)s
            AND appended_at < %(older_than)s
            AND next_offset <= (
                SELECT coalesce(min(next_offset), %(before)s + 1) - 1 FROM log_records
                WHERE partition = %(partition)s AND appended_at >= %(older_than)s
            )
        RETURNING next_offset, items
    ), moved AS (
        UPDATE log_head SET first = greatest(first, (SELECT max(next_offset) FROM gone))
        WHERE partition = %(partition)s AND EXISTS (SELECT FROM gone)
    )
    SELECT coalesce(sum(items), 0)::bigint AS items FROM gone
"""


@dataclass(slots=True)
class _Waiting:
    items: Sequence[LogItem]
    count: int
    bytes: int
    done: asyncio.Future[int]


class PostgresLog:
    """Appends of one event loop share group commits: while one commits, the next group gathers.

    `max_waiting_bytes` bounds what may wait (`Overloaded` beyond it). The object belongs to the loop of its database.
    """

    def __init__(
        self,
        database: Database,
        *,
        partition: int = 0,
        max_waiting_bytes: int = 64 << 20,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._partition = partition
        self._max_waiting_bytes = max_waiting_bytes
        self._metrics = metrics
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._committer: asyncio.Task[None] | None = None

    async def append(self, items: Sequence[LogItem]) -> int:
        size = _size(items)
        if self._waiting_bytes and self._waiting_bytes + size > self._max_waiting_bytes:
            raise Overloaded("more events are waiting to be stored than may wait", retry_after_seconds=1.0)
        waiting = _Waiting(items, count_of(items), size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += size
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_groups())
        # The group is committed whatever becomes of one of its senders.
        return await asyncio.shield(waiting.done)

    async def _commit_groups(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._commit(group)
                self._waiting_bytes -= sum(waiting.bytes for waiting in group)
        finally:
            self._committer = None

    async def _commit(self, group: list[_Waiting]) -> None:
        items = [item for waiting in group for item in waiting.items]
        started = time.monotonic()
        try:
            offset, stored_bytes = await self._insert(items)
        except Exception as error:
            failure = _log_unavailable(error)
            for waiting in group:
                if not waiting.done.cancelled():
                    waiting.done.set_exception(failure)
                    waiting.done.exception()  # a sender that left must not be reported as an unread error
            return
        if self._metrics is not None:
            self._metrics.log_append_seconds.observe(time.monotonic() - started)
            self._metrics.log_append_bytes.inc(stored_bytes)
        for waiting in group:
            if not waiting.done.cancelled():
                waiting.done.set_result(offset)
            offset += waiting.count

    async def _insert(self, items: Sequence[LogItem]) -> tuple[int, int]:
        """The offset of the first one, and the bytes of the records."""
        count = count_of(items)
        if count <= RECORD_ITEMS:
            payload = codec.encode(items)
            parameters = {"items": count, "partition": self._partition, "payload": payload}
            async with self._database.connection() as connection:
                cursor = await connection.execute(_APPEND_ONE, parameters)
                return int((await cursor.fetchall())[0][0]) - count, len(payload)
        records = [cut(items, start, start + RECORD_ITEMS) for start in range(0, count, RECORD_ITEMS)]
        payloads = [codec.encode(record) for record in records]
        async with self._database.transaction() as connection:
            cursor = await connection.execute(_TAKE_OFFSETS, (count, self._partition))
            first = int((await cursor.fetchall())[0][0]) - count
            offset = first
            for record, payload in zip(records, payloads, strict=True):
                offset += count_of(record)
                await connection.execute(_INSERT, (self._partition, offset, count_of(record), payload))
        return first, sum(map(len, payloads))

    async def read(self, start: int, max_count: int) -> LogRead:
        end = start + max_count
        async with self._database.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(_READ, (self._partition, start, end))
            records = await cursor.fetchall()
        items: list[LogItem] = []
        reached = start
        for next_offset, count, payload in records:
            first = next_offset - count
            if first > reached:
                break
            items += cut(codec.decode(payload), reached - first, end - first)
            reached = next_offset
        if (records and not items) or (not records and start < (await self.position()).first):
            raise OffsetOutOfRange(f"the log of partition {self._partition} no longer holds offset {start}")
        return LogRead(start, items)

    async def wait(self, start: int, timeout_seconds: float) -> None:
        for _ in range(max(1, round(timeout_seconds / POLL_SECONDS))):
            if (await self.position()).next > start:
                return
            await asyncio.sleep(min(POLL_SECONDS, timeout_seconds))

    async def position(self) -> LogPosition:
        row = await self._database.fetch_one(_POSITION, (self._partition,))
        assert row is not None, "migrations make the head row"
        return LogPosition(row["epoch"], row["first"], row["next"])

    async def trim(self, before: int, older_than: int) -> int:
        parameters = {"partition": self._partition, "before": before, "older_than": instant(older_than)}
        row = await self._database.fetch_one(_TRIM, parameters)
        return int(row["items"]) if row else 0


def _size(items: Sequence[LogItem]) -> int:
    """Rough bytes that items hold in memory while they wait."""
    held = sum([len(item.raw) if isinstance(item, Rejection) else sum(map(len, item.data)) for item in items])
    return 300 * count_of(items) + 500 * len(items) + held


def _log_unavailable(error: Exception) -> TelemetraError:
    if isinstance(error, Unavailable):
        return LogUnavailable(str(error), retry_after_seconds=error.retry_after_seconds)
    if isinstance(error, TelemetraError) or classify(error) is not Failure.RETRY:
        return LogUnavailable("the events could not be stored")
    return LogUnavailable("the log cannot be reached")
