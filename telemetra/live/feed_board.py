"""What the tables say of the feeds behind live streams: which are stale, and where gaps are that nobody has filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telemetra.model.event import StreamKey
from telemetra.model.window import SECOND

Span = tuple[int, int | None]
"""From and to of a gap in event time, both inclusive; None while it lasts."""


class FeedBoard:
    """Replaced as a whole at every look at the tables, and asked at every live update.

    `stale_after_seconds` is for streams that no connector feeds.
    """

    def __init__(self, stale_after_seconds: float = 30.0) -> None:
        self._stale_after = round(stale_after_seconds * SECOND)
        self._stale: Mapping[StreamKey, bool] = {}
        self._gaps: Mapping[StreamKey, Sequence[Span]] = {}

    def update(self, stale: Mapping[StreamKey, bool], gaps: Mapping[StreamKey, Sequence[Span]]) -> None:
        """`stale` holds the streams that connectors feed; `gaps` the open and recent ones."""
        self._stale = stale
        self._gaps = gaps

    def stale(self, key: StreamKey, age: int) -> bool:
        """Whether the stream, whose newest data is `age` microseconds old, should speak and does not."""
        told = self._stale.get(key)
        return age > self._stale_after if told is None else told

    def suspect(self, key: StreamKey, start: int, end: int) -> bool:
        """Whether [start, end) lies over a gap of the stream."""
        return any(begin < end and (last is None or last >= start) for begin, last in self._gaps.get(key, ()))
