"""The gaps of one connector: noticed at once, stored soon after, in whatever state they are in by then.

A record is changed in memory and written by `settle`; an outage of the database delays the rows and loses none. What
was closed and filled before it was ever stored (messages out of order) leaves no row.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telemetra.observability import Metrics
from telemetra.sources.sequences import Hole
from telemetra.store import gaps
from telemetra.store.connector_status import streams_of
from telemetra.store.database import Database
from telemetra.store.gaps import BackfillState

Invalidate = Callable[[str, Sequence[str]], Awaitable[None]]
"""Called with a workspace and the streams about which stored answers have changed."""

MOST_ATTEMPTS = 5
"""Runs of a connector that try to fill a gap."""
_MOST_RECORDS = 200
_MOST_TAKEN_OVER = 20
_MOST_RANGES = 100


class Record:
    """One gap. Event times in microseconds; `end` None while it lasts. `stream_id` None: all of the connector's.

    `continued`: the source's next answer holds what was missed. `id` is given here and not by the table: a gap whose
    storing was cut short may be there or not, and must not be there twice. `tried`: it may be there.
    """

    def __init__(self, start: int, reason: str, stream_id: str | None = None) -> None:
        self.start = start
        self.end: int | None = None
        self.reason = reason
        self.stream_id = stream_id
        self.holes: list[Hole] = []
        self.filled = False
        self.details: dict[str, Any] = {}
        self.id = str(uuid.uuid4())
        self.tried = False
        self.awaits_backfill = False
        self.backfill: BackfillState = "none"
        self.attempts = 0
        self.continued = False
        self._stored: tuple[Any, ...] | None = None

    @property
    def missing(self) -> int | None:
        return sum(hole.missing for hole in self.holes) if self.holes else None

    @property
    def done(self) -> bool:
        """Closed, stored as it is, and nothing more to be expected."""
        closed = self.end is not None and not self.awaits_backfill and (self.filled or not self.holes)
        return closed and not self.changed()

    @property
    def is_new(self) -> bool:
        """It is not known to be stored."""
        return self._stored is None

    def gathers(self, stream_id: str) -> bool:
        """Whether it takes in more missing numbers of the stream: until it is stored or, filled, is to be forgotten."""
        return self.is_new and bool(self.holes) and not self.filled and self.stream_id == stream_id

    def changed(self) -> bool:
        return self._stored != self.state()

    def stored(self, state: tuple[Any, ...]) -> None:
        self._stored = state

    def state(self) -> tuple[Any, ...]:
        return self.start, self.end, self.filled, self.missing, self.backfill, self.attempts


class GapRecords:
    """Belongs to one run of a connector."""

    def __init__(
        self,
        database: Database,
        workspace_id: str,
        connector_id: str,
        invalidate: Invalidate,
        metrics: Metrics,
        revision: int = 0,
    ) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._connector_id = connector_id
        self._invalidate = invalidate
        self._metrics = metrics
        self._revision = revision
        self._records: list[Record] = []
        self.open: Record | None = None
        self.closed: Record | None = None
        self.count = 0

    async def resume(self) -> None:
        """Take over the gap that an earlier run left open."""
        left = await gaps.still_open(self._database, self._connector_id)
        if left is not None and self.open is None:
            self.open = Record(left.start, left.reason)
            self._adopt(self.open, left)

    async def to_fill(self, asks_since: int, since: int) -> list[Record]:
        """Take over closed gaps, noticed after `since`, that earlier runs did not come to fill or failed to.

        Not those from before the connector asked for what it asks for now (`asks_since`).
        """
        found = []
        for left in await gaps.gaps_to_fill(
            self._database, self._connector_id, since=since, most_attempts=MOST_ATTEMPTS, limit=_MOST_TAKEN_OVER
        ):
            if left.details.get("revision", 0) < asks_since:
                continue
            record = Record(left.start, left.reason, left.stream_id)
            record.end = left.end
            record.holes = [
                Hole(stream, channel, first, last, left.start, left.end or left.start, [(first, last)])
                for stream, channel, first, last in left.details.get("ranges", ())
            ]
            if (record.missing or 0) < (left.missing or 0):
                continue  # not all of its holes were noted: it could never be said to be filled
            self._adopt(record, left)
            found.append(record)
        return found

    def lost(self, start: int, reason: str) -> None:
        """The connection is gone; one gap lasts until data comes again, however many attempts fail meanwhile.

        It began where the last run had read; what that had not stored before it ended is missing too.
        """
        if self.open is None:
            self.open = Record(start, reason)
            self._add(self.open)
        self.open.start = min(self.open.start, start)

    def data(self, time: int) -> Record | None:
        """Data has come again: closes the open gap and returns it."""
        record, self.open = self.open, None
        if record is not None:
            record.end = max(record.start, time)
            self.closed = record
        return record

    def lost_numbers(self, holes: Sequence[Hole]) -> list[Record]:
        """Numbers that the last disconnect has cost: part of its gap."""
        if self.closed is None or self.closed not in self._records:
            return self.holes(holes)
        self.closed.holes += holes
        return [self.closed] if holes else []

    def holes(self, holes: Sequence[Hole]) -> list[Record]:
        """Numbers are missing: one record per stream and settling."""
        touched = []
        for hole in holes:
            record = next((one for one in self._records if one.gathers(hole.stream_id)), None)
            if record is None:
                record = Record(hole.start, "missing_numbers", hole.stream_id)
                record.end = hole.end
                self._add(record)
            record.start, record.end = min(record.start, hole.start), max(record.end or hole.end, hole.end)
            record.holes.append(hole)
            touched.append(record)
        return touched

    def late(self) -> None:
        """Late numbers have come: records without anything missing are filled."""
        for record in self._records:
            if record.holes and not record.missing and record.end is not None and not record.filled:
                record.filled = True
                record.details = {"by": "late arrival"}

    async def settle(self) -> None:
        """Bring the table up to date. Raises `Unavailable`: call it again."""
        touched: set[str] = set()
        whole = False
        for record in list(self._records):
            if record.changed():
                await self._store(record)
                if record.stream_id is None:
                    whole = True
                else:
                    touched.add(record.stream_id)
            if record.done:
                self._records.remove(record)
        if whole:
            touched.update(await streams_of(self._database, self._connector_id))
        if touched:
            await self._invalidate(self._workspace_id, sorted(touched))

    async def _store(self, record: Record) -> None:
        state = record.state()  # what changes while the database works is stored the next time
        if record.filled and not record.tried:
            record.stored(state)
            return
        if record.filled:
            await gaps.fill_gap(
                self._database,
                record.id,
                record.details,
                end=record.end,
                backfill=record.backfill,
                attempts=record.attempts,
            )
        elif record.is_new or record.end is None:
            record.tried = True
            await gaps.open_gap(
                self._database,
                gap_id=record.id,
                workspace_id=self._workspace_id,
                connector_id=self._connector_id,
                stream_id=record.stream_id,
                start=record.start,
                end=record.end,
                reason=record.reason,
                missing=record.missing,
                details=self._details(record),
                backfill=record.backfill,
                attempts=record.attempts,
            )
        else:
            await gaps.close_gap(
                self._database,
                record.id,
                record.end,
                start=record.start,
                missing=record.missing,
                details=self._details(record),
                backfill=record.backfill,
                attempts=record.attempts,
            )
        record.stored(state)

    def _adopt(self, record: Record, left: gaps.Gap) -> None:
        record.id, record.tried = left.id, True
        record.backfill, record.attempts = left.backfill, left.attempts
        record.stored(record.state())
        self._records.append(record)

    def _details(self, record: Record) -> dict[str, Any]:
        ranges = [[hole.stream_id, hole.channel, *pair] for hole in record.holes for pair in hole.ranges]
        numbers = {"ranges": ranges[:_MOST_RANGES]} if record.holes else {}
        return record.details | numbers | {"revision": self._revision}

    def _add(self, record: Record) -> None:
        self.count += 1
        self._metrics.connector_gaps.labels(reason=record.reason).inc()
        self._records.append(record)
        settled = [one for one in self._records if one.end is not None and not one.changed()]
        for old in settled[: max(0, len(self._records) - _MOST_RECORDS)]:
            self._records.remove(old)
