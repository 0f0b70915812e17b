"""What a connector has handed in since the last row of `websocket_batches`."""

from __future__ import annotations

from collections.abc import Sequence

from telemetra.formats.draft import Draft
from telemetra.model.window import SECOND
from telemetra.store.websocket_batches import BatchRow

_MOST_INSTRUMENTS = 200


class Tally:
    """Sums up messages, events, instruments and offsets; `take` gives the sum and begins anew."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._messages = self._events = 0
        self._streams: set[str] = set()
        self._first: int | None = None
        self._next: int | None = None

    def add(self, messages: int, drafts: Sequence[Draft]) -> None:
        self._messages += messages
        self._events += len(drafts)
        self._streams.update([draft.stream_id for draft in drafts])

    def offsets(self, first: int | None, following: int | None) -> None:
        """Where events stand in the log: [first, following)."""
        if self._first is None:
            self._first = first
        self._next = following if following is not None else self._next

    def take(
        self, workspace_id: str, connector_id: str, exchange: str, instruments: dict[str, str], since: int, now: int
    ) -> BatchRow | None:
        """The row for [since, now] (microseconds); None when there was nothing."""
        if not self._messages:
            return None
        names = sorted({instruments.get(stream, stream) for stream in self._streams})
        seconds = max((now - since) / SECOND, 0.001)
        row = BatchRow(
            workspace_id=workspace_id,
            connector_id=connector_id,
            timestamp=now,
            exchange=exchange,
            total_messages=self._messages,
            messages_per_second=round(self._messages / seconds, 3),
            instruments=names[:_MOST_INSTRUMENTS],
            first_offset=self._first,
            last_offset=None if self._next is None else self._next - 1,
            metrics={"events": self._events, "seconds": round(seconds, 3)},
        )
        self._reset()
        return row
