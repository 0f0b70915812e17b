"""Gaps of a running connector, and what is done about them: noted at once, stored, and filled where the source allows.

A back-fill goes into the log before the live data that follows the gap: events of a minute that is final would be late.
What is too late all the same stays a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from telemetra.errors import TelemetraError, Unavailable
from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedFormat, SequenceMark
from telemetra.model.window import SECOND
from telemetra.sources.backfill import Backfiller, fillable
from telemetra.sources.gap_records import GapRecords, Record
from telemetra.sources.hand_in import HandIn
from telemetra.sources.sequences import Observed, Sequences
from telemetra.store.database import Database
from telemetra.store.gaps import final_until

HOLD_SECONDS = 20.0
"""How long live data may wait for a back-fill."""
TRIES = 3
TRY_AGAIN_SECONDS = 2.0
OLDEST_SECONDS = 86_400
"""Gaps noticed longer ago are not filled after a restart: few sources know them, and their minutes are final."""


class GapFilling:
    """Belongs to one run of a connector. `backfiller` None: the source has no way to ask for what was missed.

    `goes_on`: whether the source itself asks for everything since its last answer (a cursor, a time window), so that
    its next answer fills a gap.
    """

    def __init__(
        self,
        records: GapRecords,
        hand_in: HandIn,
        database: Database,
        workspace_id: str,
        *,
        backfiller: Backfiller | None,
        new_format: Callable[[], FeedFormat],
        note: Callable[[str], None],
        goes_on: Callable[[], bool] = lambda: False,
    ) -> None:
        self.records = records
        self.instruments: Mapping[str, str] = {}
        self.sequences = Sequences()
        self.wake = asyncio.Event()
        self._hand_in = hand_in
        self._database = database
        self._workspace_id = workspace_id
        self._backfiller = backfiller
        self._new_format = new_format
        self._note = note
        self._goes_on = goes_on
        self._waiting: list[Record] = []

    def lost(self, start: int | None, reason: str) -> None:
        """The connection is gone; `start`: the event time of the last event, None if there never was one."""
        if start is not None:
            self.records.lost(start, reason)
            self.wake.set()

    def data(self, time: int) -> None:
        """Data came, the first of it from `time`."""
        if self.records.open is None:
            return
        record = self.records.data(time)
        if record is not None:
            self._expect(record)

    def observed(self, observed: Observed) -> None:
        """What the source's own numbers tell."""
        self.records.lost_numbers(observed.lost)
        for record in self.records.holes(observed.new):
            self._expect(record)
        if observed.filled:
            self.records.late()
        self.wake.set()

    async def resume(self, asks_since: int, now: int) -> None:
        """Take up what earlier runs have left: the gap that is open, and those that were never filled."""
        await self.records.resume()
        if self._backfiller is None:
            return
        for record in await self.records.to_fill(asks_since, now - OLDEST_SECONDS * SECOND):
            for hole in record.holes:
                self.sequences.expect(hole)
            self._expect(record)

    def _expect(self, record: Record) -> None:
        self.wake.set()
        if record.stream_id is not None and not fillable(record.stream_id):
            return
        record.continued = record.stream_id is None and not record.holes and self._goes_on()
        if (record.continued or self._backfiller is not None) and not record.awaits_backfill:
            record.awaits_backfill = True
            # Counted before it is tried: what brings the process down each time is not tried for ever.
            record.backfill, record.attempts = "waiting", record.attempts + 1
            self._waiting.append(record)
            self._hand_in.hold()

    async def fill(self) -> None:
        """Fetch what is waited for, then let the live data go on. Never raises for the source's failures."""
        if not self._waiting:
            return
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                while self._waiting:
                    await self._try(self._waiting[0])
                    self._waiting.pop(0)
        except TimeoutError:
            self._note(f"back-fill: took longer than {HOLD_SECONDS:g} s; the gap stays")
            for record in self._waiting:
                record.backfill = "failed"
        finally:
            for record in self._waiting:
                record.awaits_backfill = False
            self._waiting.clear()
            self._hand_in.go_on()

    async def _try(self, record: Record) -> None:
        for attempt in range(TRIES):
            try:
                await self._fill(record)
                break
            except Unavailable as error:
                self._note(f"back-fill: {error}")
                record.backfill = "failed"
                if attempt < TRIES - 1:
                    await asyncio.sleep(max(TRY_AGAIN_SECONDS, error.retry_after_seconds))
            except TelemetraError as error:
                self._note(f"back-fill: {error}")
                record.backfill = "failed"
                break
        record.awaits_backfill = False

    async def _fill(self, record: Record) -> None:
        streams = [record.stream_id] if record.stream_id is not None else list(self.instruments)
        final = await final_until(self._database, self._workspace_id, streams)
        events = 0

        async def take(drafts: list[Draft], marks: list[SequenceMark]) -> None:
            nonlocal events
            events += len(drafts)
            await self._hand_in.submit(drafts)
            for mark in marks:
                self.sequences.late(mark)

        if self._backfiller is not None and not record.continued:
            # Numbers from before the newest disconnect say nothing about an older gap.
            before = self.sequences.before if record is self.records.closed else {}
            whole = await self._backfiller.fetch(record, self.instruments, before, self._new_format(), take)
        else:
            whole = record.continued
        missing = sum(hole.missing for hole in record.holes if fillable(hole.stream_id))
        if not whole or missing:
            record.backfill = "incomplete"
            self._note("back-fill: the source did not give all that was missed")
        elif final is not None and final > record.start:
            # Minutes that were final before: what came for them is kept, but not counted.
            record.end = min(record.end or final, final - 1)
            record.backfill = "late"
        else:
            record.filled, record.backfill = True, "filled"
            record.details = {"by": "the next answer"} if record.continued else {"by": "back-fill", "events": events}
