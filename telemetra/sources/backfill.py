"""Fetching what a gap has lost, by the REST request that the connector declares for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

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


class Fetched(NamedTuple):
    """What came, and whether it reaches to the end of the gap."""

    drafts: list[Draft]
    marks: list[SequenceMark]
    whole: bool


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

    async def fetch(self, record: Record, instruments: Mapping[str, str], feed_format: FeedFormat) -> Fetched:
        """Everything that `record` has lost. Raises `Refused` or `Unavailable`."""
        drafts: list[Draft] = []
        marks: list[SequenceMark] = []
        whole = True
        for stream_id in self._streams(record, instruments):
            whole &= await self._fetch_stream(
                record, stream_id, instruments.get(stream_id, ""), feed_format, drafts, marks
            )
        return Fetched(drafts, marks, whole)

    def _streams(self, record: Record, instruments: Mapping[str, str]) -> list[str]:
        """The streams to ask for one by one; one empty name where a single request asks for all."""
        if record.stream_id is not None:
            return [record.stream_id]
        text = f"{self._declared.api_url} {self._declared.query_params} {self._declared.body}"
        if not any(place in text for place in BY_STREAM):
            return [""]
        if "{stream}" in text:
            return sorted(instruments)
        return sorted({instrument: stream for stream, instrument in sorted(instruments.items(), reverse=True)}.values())

    async def _fetch_stream(
        self,
        record: Record,
        stream_id: str,
        instrument: str,
        feed_format: FeedFormat,
        drafts: list[Draft],
        marks: list[SequenceMark],
    ) -> bool:
        start, end = record.start, self._clock() if record.end is None else record.end
        holes = [hole for hole in record.holes if hole.stream_id == stream_id or not stream_id]
        first_id = min((hole.first for hole in holes), default=None)
        last_id = max((hole.last for hole in holes), default=None)
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
            drafts += reading.drafts
            marks += reading.sequences
            times = [draft.timestamp for draft in reading.drafts if draft.timestamp is not None]
            if self._declared.limit is None or len(reading.drafts) < self._declared.limit or not times:
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
