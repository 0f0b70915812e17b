"""Silence, as values: a source that should speak and does not is stale, and is opened anew. Time is an argument.

Only data counts: a socket that answers pings, or a source that sends heartbeats, may still have lost its subscription.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.model.window import SECOND

_LONGEST_FACTOR = 8
_USUAL_SHARE = 0.1
_KNOWN_AFTER = 20
"""Messages after which the usual distance between two of a stream is known well enough."""
_QUIET_FACTOR = 20
"""A stream is silent when it has said nothing for this many of its usual distances."""


class Watchdog:
    """Watches one connector. All times are in microseconds.

    A source that is naturally quiet is opened anew ever more rarely (up to eight times its limit) while it has said
    nothing at all; its staleness shows from the first limit on.
    """

    def __init__(self, stale_after_seconds: float, now: int) -> None:
        self._limit = round(stale_after_seconds * SECOND)
        self._last_data = now
        self._since = now
        self._factor = 1
        self._streams: dict[str, _Pace] = {}

    def opened(self, now: int) -> None:
        """A connection is open: it is given the full limit before it is held to be silent."""
        self._since = now

    def data(self, now: int, streams: Iterable[str] = ()) -> None:
        """Data of these streams has come."""
        self._last_data = self._since = now
        self._factor = 1
        for stream in streams:
            pace = self._streams.get(stream)
            if pace is None:
                self._streams[stream] = _Pace(now)
            else:
                pace.tick(now)

    def held_back(self, now: int) -> None:
        """The source was not read because intake could not take more: its silence is ours."""
        self._since = max(self._since, now)
        self._last_data = max(self._last_data, now)
        for pace in self._streams.values():
            pace.last = max(pace.last, now)

    def stale(self, now: int) -> bool:
        """Whether nothing has come for longer than the limit."""
        return now - self._last_data >= self._limit

    def gives_up(self, now: int) -> bool:
        """Whether the connection is to be opened anew; says so once for each silence."""
        if now - self._since < self._limit * self._factor:
            return False
        self._factor = min(self._factor * 2, _LONGEST_FACTOR)
        return True

    def silent_streams(self, now: int) -> list[str]:
        """Streams that used to speak and do not, by the limit and by their own usual pace, while others still do."""
        if self.stale(now):
            return []
        return sorted(name for name, pace in self._streams.items() if pace.silent(now, self._limit))


class _Pace:
    """The usual distance between two messages of a stream."""

    __slots__ = ("_count", "_usual", "last")

    def __init__(self, now: int) -> None:
        self.last = now
        self._usual = 0.0
        self._count = 1

    def tick(self, now: int) -> None:
        distance = now - self.last
        self.last = now
        self._count += 1
        self._usual += (distance - self._usual) * max(_USUAL_SHARE, 1 / self._count)

    def silent(self, now: int, limit: int) -> bool:
        return self._count >= _KNOWN_AFTER and now - self.last >= max(limit, _QUIET_FACTOR * self._usual)
