"""The archive in time: `events` is partitioned by the UTC day of arrival, so that old days go whole and at once.

Partitions are made ahead; a checkpoint that meets a day without one (a clock that was set, a rebuild of old records)
makes it first. DDL is serialised by an advisory lock, so two processes may do this at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from psycopg import sql

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.database import Database

DAYS_AHEAD = 3
_LOCK_KEY = 0x61726368  # "arch"
_DAY = 24 * 60 * MINUTE

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_PARTITIONS = """
    SELECT child.relname AS name FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'events'::regclass AND child.relname ~ '^events_[0-9]{8}$'
"""
_CREATE = sql.SQL("CREATE TABLE IF NOT EXISTS {name} PARTITION OF events FOR VALUES FROM ({start}) TO ({end})")
_DROP = sql.SQL("DROP TABLE IF EXISTS {name}")


def days_of(times: Iterable[int]) -> set[date]:
    """The UTC days of times in microseconds: what `ensure_partitions` must know before they are stored."""
    return {to_datetime(number * _DAY).date() for number in {time // _DAY for time in times}}


def days_ahead(now: int) -> set[date]:
    """Today and the days whose partitions are made in advance."""
    today = to_datetime(now).date()
    return {today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)}


async def ensure_partitions(database: Database, days: Iterable[date]) -> list[date]:
    """Make the partitions of `days` that are missing; returns the days made. Cheap when all are there."""
    missing = set(days) - await _existing(database)
    if not missing:
        return []
    async with database.transaction() as connection:
        await connection.execute(_LOCK, (_LOCK_KEY,))
        for day in sorted(missing):
            start, end = _bounds(day)
            await connection.execute(
                _CREATE.format(
                    name=sql.Identifier(_name(day)),
                    start=sql.Literal(start.isoformat()),
                    end=sql.Literal(end.isoformat()),
                )
            )
    return sorted(missing)


async def drop_partitions(database: Database, before: int) -> list[date]:
    """Drop the days that ended at or before `before` (microseconds), in one transaction; returns the days dropped."""
    last = to_datetime(before)
    old = sorted(day for day in await _existing(database) if _bounds(day)[1] <= last)
    if old:
        async with database.transaction() as connection:
            await connection.execute(_LOCK, (_LOCK_KEY,))
            for day in old:
                await connection.execute(_DROP.format(name=sql.Identifier(_name(day))))
    return old


class PartitionMaker:
    """Remembers which days the archive has room for, so that the usual checkpoint asks nothing."""

    def __init__(self) -> None:
        self._made: set[date] = set()

    async def make(self, database: Database, times: Iterable[int]) -> None:
        """Make room for events that arrived at `times` (microseconds)."""
        await self.make_days(database, days_of(times))

    async def make_days(self, database: Database, days: set[date]) -> None:
        missing = days - self._made
        if missing:
            await ensure_partitions(database, missing)
            self._made |= missing

    def forget(self, days: Iterable[date]) -> None:
        self._made.difference_update(days)

    def forget_all(self) -> None:
        """Another process may have dropped days since."""
        self._made.clear()


async def _existing(database: Database) -> set[date]:
    rows = await database.fetch_all(_PARTITIONS)
    return {datetime.strptime(row["name"], "events_%Y%m%d").date() for row in rows}  # noqa: DTZ007 a day has no zone


def _name(day: date) -> str:
    return f"events_{day:%Y%m%d}"


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = to_datetime(0) + (day - date(1970, 1, 1))
    return start, start + timedelta(days=1)
