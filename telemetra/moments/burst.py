"""The burst head: how far a window stands from what is usual, however often that has happened before."""

from __future__ import annotations

from math import hypot

from telemetra.model.window import HOPS_PER_WINDOW
from telemetra.moments.baseline import Baseline
from telemetra.moments.scale import LARGEST, score_of

_LEAST_BASELINE = 4  # windows: with the current one, five minutes of history


class Burst:
    """A `Detector` for window values that come once per hop.

    Every sixth window enters the baseline, so that its windows do not overlap each other, and does so six hops late,
    so that none overlaps the current one.
    """

    __slots__ = ("_baseline", "_pending", "_seen", "noise", "z")

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self.noise = 0.0
        """Standard deviation of the next window's own noise, where that differs from window to window (means)."""
        self._pending: list[float] = []
        self._seen = 0
        self.z: float | None = None

    @property
    def level(self) -> float:
        return self._baseline.level

    @property
    def scale(self) -> float:
        return hypot(self._baseline.scale, self.noise)

    def observe(self, value: float, time: int) -> float:
        """The score (0..1) of the window that ends at `time`; `z` is signed, None until five minutes are known."""
        if not abs(value) <= LARGEST:
            self.z = None
            return 0.0
        if len(self._pending) == HOPS_PER_WINDOW:
            delayed = self._pending.pop(0)
            if self._seen % HOPS_PER_WINDOW == 0:
                self._baseline.learn(delayed)
        self._pending.append(value)
        self._seen += 1
        if self._baseline.known < _LEAST_BASELINE:
            self.z = None
            return 0.0
        self.z = (value - self._baseline.level) / self.scale
        return score_of(self.z)

    def skip(self) -> None:
        """What follows does not continue the last windows, but is judged by the same baseline."""
        self._pending.clear()
        self._seen = 0
        self.z = None

    def state(self) -> list[float]:
        return [self._seen, len(self._pending), *self._pending, *self._baseline.state()]

    def restore(self, state: list[float]) -> None:
        self._seen, pending = int(state[0]), int(state[1])
        self._pending = state[2 : 2 + pending]
        self._baseline.restore(state[2 + pending :])
