"""Fetching what a gap has lost, by the REST request that the connector declares for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from telemetra.clock import Clock
from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedFormat, SequenceMark
from telemetra.model.connector import Backfill
from telemetra.sources.egress import EgressGuard
from telemetra.sources.gap_records import Record
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.rest_poll import in_unit, send

MOST_PAGES = 20
PAUSE_SECONDS = 0.2
"""Between two pages: a back-fill is no reason to meet a source's rate limit."""
BY_STREAM = ("{instrument}", "{symbol}", "{stream}")


Take = Callable[[list[Draft], list[SequenceMark]], Awaitable[None]]
"""Takes what a page has brought, before the next one is asked for."""
Before = Mapping[tuple[str, str], int]
"""The newest number of (stream, channel) before the gap."""


def fillable(stream_id: str) -> bool:
    """Books and other streams without minutes (`…@depth`) begin anew with a snapshot: nothing to fetch for them."""
    return "@" not in stream_id


class Backfiller:
    """Fetches for one connector. `instruments`: stream to instrument, as its messages have named them."""

    def __init__(
        self,
        declared: Backfill,
        outgoing: Outgoing,
        guard: EgressGuard,
        clock: Clock,
        *,
        timeout_seconds: float,
        max_bytes: int,
    ) -> None:
        self._declared = declared
        self._outgoing = outgoing
        self._guard = guard
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes

    async def fetch(
        self, record: Record, instruments: Mapping[str, str], before: Before, feed_format: FeedFormat, take: Take
    ) -> bool:
        """Hands everything that `record` has lost to `take`, page by page; whether that reaches to the gap's end.

        Raises `Refused` or `Unavailable`.
        """
        whole = True
        for stream_id in self._streams(record, instruments):
            whole &= await self._fetch_stream(record, stream_id, instruments, before, feed_format, take)
        return whole

    def _streams(self, record: Record, instruments: Mapping[str, str]) -> list[str]:
        """The streams to ask for one by one; one empty name where a single request asks for all."""
        if record.stream_id is not None:
            return [record.stream_id]
        if not any(map(self._asks, BY_STREAM)):
            return [""]
        if self._asks("{stream}"):
            return sorted(filter(fillable, instruments))
        by_instrument = {named: stream for stream, named in sorted(instruments.items()) if fillable(stream)}
        return sorted(by_instrument.values())

    def _asks(self, place: str) -> bool:
        """Whether the request holds it."""
        return place in f"{self._declared.api_url} {self._declared.query_params} {self._declared.body}"

    async def _fetch_stream(
        self,
        record: Record,
        stream_id: str,
        instruments: Mapping[str, str],
        before: Before,
        feed_format: FeedFormat,
        take: Take,
    ) -> bool:
        start, end = record.start, self._clock() if record.end is None else record.end
        instrument = instruments.get(stream_id, "")
        holes = [hole for hole in record.holes if _concerns(hole.stream_id, stream_id)]
        known = [number + 1 for (stream, _), number in before.items() if _concerns(stream, stream_id)]
        # Where the new connection has not shown the jump yet, what was missed begins after the last number before it.
        first_id = min([hole.first for hole in holes] or known, default=None)
        last_id = max((hole.last for hole in holes), default=None)
        asks_from_start = self._asks("{from}") or (first_id is not None and self._asks("{from_id}"))
        for _ in range(MOST_PAGES):
            now = self._clock()
            values = {
                "from": in_unit(start, self._declared.unit),
                "to": in_unit(end, self._declared.unit),
                "from_id": "" if first_id is None else str(first_id),
                "to_id": "" if last_id is None else str(last_id),
                "instrument": instrument,
                "symbol": instrument.replace("-", ""),
                "stream": stream_id,
            }
            request = self._outgoing.backfill(self._declared, values, now)
            response = await send(
                self._guard, request, now, timeout_seconds=self._timeout_seconds, max_bytes=self._max_bytes
            )
            reading = feed_format.read(response.body, self._clock())
            if reading.control in ("error", "unknown") and not reading.drafts:
                return False
            await take(reading.drafts, sorted(reading.sequences, key=lambda mark: mark.first))
            times = [draft.timestamp for draft in reading.drafts if draft.timestamp is not None]
            if not times:
                return True
            if not asks_from_start:  # the newest there are: do they reach back far enough?
                few = self._declared.limit is not None and len(reading.drafts) < self._declared.limit
                return few or min(times) <= start
            if self._declared.limit is None or len(reading.drafts) < self._declared.limit:
                return True
            if max(times) >= end:
                return True
            if max(times) <= start and first_id is None:
                return False  # a page full of one instant: the source gives no way past it
            start = max(times)
            if first_id is not None:
                first_id = max([first_id, *(mark.last + 1 for mark in reading.sequences)])
                if last_id is not None and first_id > last_id:
                    return True
            await asyncio.sleep(PAUSE_SECONDS)
        return False


def _concerns(stream: str, asked: str) -> bool:
    """Whether the numbers of `stream` are those of what is asked for (an empty name: all that can be fetched)."""
    return stream == asked or (not asked and fillable(stream))
