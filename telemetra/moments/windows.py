"""The last hops of a series, and the 60 s windows made of them."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.kinds.base import Series
from telemetra.model.window import HOP, HOPS_PER_WINDOW

KEPT = 30 + HOPS_PER_WINDOW
"""Hops kept: enough to show the windows of the last five minutes."""


class Windows:
    """A count's window is the sum of its six hops; a gauge's is its last reading; a mean's is the sum of its hops over
    their weight, if that is enough."""

    __slots__ = ("_count", "_least_weight", "_mean", "hops", "weights")

    def __init__(self, series: Series) -> None:
        self._count = series.count
        self._mean = series.weight is not None
        self._least_weight = series.least_weight
        self.hops: list[float | None] = []
        self.weights: list[float] = []

    def push(self, value: float | None, weight: float) -> float | None:
        """Take in one hop; the value of the window that it ends, None before six hops or where there is none."""
        hops = self.hops
        hops.append(None if value is None else float(value))
        if len(hops) > KEPT:
            del hops[0]
        if self._mean:
            self.weights.append(weight)
            if len(self.weights) > KEPT:
                del self.weights[0]
        return self._value(len(hops))

    def clear(self) -> None:
        self.hops.clear()
        self.weights.clear()

    @property
    def weight(self) -> float:
        """How many events the last window's mean is made of."""
        return sum(self.weights[-HOPS_PER_WINDOW:])

    def last(self) -> list[float | None]:
        """The hops of the last window, in the unit of a window's value (a count as if it went on for a minute)."""
        hops = self.hops[-HOPS_PER_WINDOW:]
        if self._count:
            return [None if hop is None else hop * HOPS_PER_WINDOW for hop in hops]
        if self._mean:
            enough = self._least_weight / HOPS_PER_WINDOW
            pairs = zip(hops, self.weights[-HOPS_PER_WINDOW:], strict=True)
            return [hop / weight if hop is not None and weight >= enough else None for hop, weight in pairs]
        return hops

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
            return _sum(window)
        if self._mean:
            weight = sum(self.weights[stop - HOPS_PER_WINDOW : stop])
            return _sum(window) / weight if weight and weight >= self._least_weight else None
        return next((hop for hop in reversed(window) if hop is not None), None)


def _sum(window: Iterable[float | None]) -> float:
    return sum(filter(None, window), 0.0)
