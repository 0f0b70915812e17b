"""What is done with received messages: read in the declared format, counted by what they are, put up for hand-in."""

from __future__ import annotations

from collections.abc import Callable

from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedFormat, Reading
from telemetra.observability import Metrics
from telemetra.sources.base import Incoming, Refused, SourceClosed
from telemetra.sources.gap_filling import GapFilling
from telemetra.sources.hand_in import HandIn
from telemetra.sources.journal import Journal
from telemetra.sources.performance import Performance
from telemetra.sources.watchdog import Watchdog

SAMPLE_CHARACTERS = 500


class MessageReader:
    """Belongs to one run of a connector; `new_format` makes the format of one connection.

    `understood`: whether the messages read last held data, or nothing wrong.
    """

    def __init__(
        self,
        new_format: Callable[[], FeedFormat],
        hand_in: HandIn,
        gaps: GapFilling,
        journal: Journal,
        performance: Performance,
        watchdog: Watchdog,
        metrics: Metrics,
        mask: Callable[[str], str],
    ) -> None:
        self.last_event_at: int | None = None
        self.understood = True
        self.instruments: dict[str, str] = {}
        self.new_streams: list[str] = []
        self._new_format = new_format
        self._formats: dict[int, FeedFormat] = {}
        self._sequences = gaps.sequences
        self._hand_in = hand_in
        self._gaps = gaps
        self._journal = journal
        self._performance = performance
        self._watchdog = watchdog
        self._metrics = metrics
        self._mask = mask

    def connected(self) -> None:
        """A new connection: what its source numbers may have gone on without us."""
        self._formats.clear()
        self._sequences.reconnected()

    async def read(self, messages: list[Incoming], *, polled: bool) -> tuple[str, ...]:
        """Take messages that came together; returns what is to be sent back.

        Raises `Refused` and `SourceClosed` when a message says so, after everything before it was taken.
        """
        replies: tuple[str, ...] = ()
        streams: set[str] = set()
        size = data = 0
        self.understood = True
        try:
            for incoming in messages:
                payload, received_at, connection = incoming.payload, incoming.received_at, incoming.connection
                size += len(payload)
                reading = self._format(connection).read(payload, received_at)
                drafts = reading.drafts
                if drafts:
                    data += 1
                    self._take(drafts, received_at, streams)
                marks = reading.sequences
                if marks:
                    time = received_at if self.last_event_at is None else self.last_event_at
                    if len(marks) > 1 or not self._sequences.follows(marks[0], time, connection):
                        # Answers to polls often begin with the newest.
                        in_order = sorted(marks, key=lambda mark: mark.first) if polled else marks
                        observed = self._sequences.observe(in_order, time, connection)
                        if observed.new or observed.lost or observed.filled:
                            self._gaps.observed(observed)
                if drafts:
                    if self._hand_in.blocked:
                        await self._hand_in.room()
                    self._hand_in.put(drafts, len(payload), received_at)
                replies += reading.replies
                if reading.control or reading.reconnect:
                    self._control(reading, incoming)
        finally:
            self._performance.received(len(messages), data, size)
            received_at = messages[-1].received_at
            if data or polled:
                self._watchdog.data(received_at, streams)
                self._performance.last_message_at = received_at
            if polled and not data and self.understood:
                self._gaps.data(received_at)
        return replies

    def _take(self, drafts: list[Draft], received_at: int, streams: set[str]) -> None:
        first: int | None = None
        for draft in drafts:
            stream_id = draft.stream_id
            if stream_id not in streams:
                streams.add(stream_id)
                if stream_id not in self.instruments:
                    self._meet(draft)
            if draft.timestamp is None:
                draft.timestamp = received_at
            elif first is None:
                first = draft.timestamp
                self._performance.skew(received_at - first)
        self.last_event_at = drafts[-1].timestamp
        self._gaps.data(received_at if first is None else first)

    def _meet(self, draft: Draft) -> None:
        """The first event of a stream in this run."""
        named = draft.data.get("instrument") if isinstance(draft.data, dict) else None
        self.instruments[draft.stream_id] = named if isinstance(named, str) else draft.stream_id
        self.new_streams.append(draft.stream_id)

    def _control(self, reading: Reading, incoming: Incoming) -> None:
        control = reading.control
        if control:
            self._performance.controls[control] += 1
            self._metrics.connector_messages.labels(kind=control).inc()
        if control == "unknown" and self._performance.first_unknown is None:
            payload = incoming.payload[:SAMPLE_CHARACTERS]
            text = payload if isinstance(payload, str) else payload.decode(errors="replace")
            self._performance.first_unknown = self._mask(text.replace("\x00", "")) + (
                f" ({self._mask(reading.detail)})" if reading.detail else ""
            )
        if control in ("error", "unknown") and not reading.drafts:
            self.understood = False
        if control == "error":
            self._performance.errors += 1
            self._journal.note(reading.detail or "the source sent an error", incoming.received_at)
        if reading.refused:
            raise Refused(reading.detail or "the source refuses the credentials")
        if reading.reconnect:
            raise SourceClosed(reading.detail or "the source asked for a new connection")

    def _format(self, connection: int) -> FeedFormat:
        made = self._formats.get(connection)
        if made is None:
            made = self._formats[connection] = self._new_format()
            for old in [number for number in self._formats if number < connection - 1]:
                del self._formats[old]
        return made
