"""The last hops of a series, and the 60 s windows made of them."""

from __future__ import annotations

from telemetra.model.window import HOP, HOPS_PER_WINDOW

KEPT = 30 + HOPS_PER_WINDOW
"""Hops kept: enough to show the windows of the last five minutes."""


class Windows:
    """A count's window is the sum of its six hops; a gauge's is its last reading."""

    __slots__ = ("_count", "hops")

    def __init__(self, *, count: bool) -> None:
        self._count = count
        self.hops: list[float | None] = []

    def push(self, value: float | None) -> float | None:
        """Take in one hop; the value of the window that it ends, None before six hops or without a reading."""
        hops = self.hops
        hops.append(value)
        if len(hops) > KEPT:
            del hops[0]
        return self._value(len(hops))

    def last(self) -> list[float | None]:
        """The hops of the last window, in the unit of a window's value (a count as if it went on for a minute)."""
        hops = self.hops[-HOPS_PER_WINDOW:]
        return [None if hop is None else hop * HOPS_PER_WINDOW for hop in hops] if self._count else hops

    def before(self, end: int) -> list[tuple[int, float]]:
        """(end, value) of the windows that are still known, oldest first; the last one ends at `end`."""
        newest = len(self.hops)
        known = ((end - (newest - stop) * HOP, self._value(stop)) for stop in range(HOPS_PER_WINDOW, newest + 1))
        return [(at, value) for at, value in known if value is not None]

    def _value(self, stop: int) -> float | None:
        if stop < HOPS_PER_WINDOW:
            return None
        window = self.hops[stop - HOPS_PER_WINDOW : stop]
        if self._count:
            return sum(hop or 0.0 for hop in window)
        return next((hop for hop in reversed(window) if hop is not None), None)
