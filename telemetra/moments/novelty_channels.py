"""The channels of the novelty head: one value in, one signal per channel out, each novel in its own way."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from math import copysign

from telemetra.model.window import MINUTE

CHANNELS = (
    "value",
    "from_mean_30",
    "from_mean_300",
    "mean_20",
    "median_11",
    "median_25",
    "from_week",
    "minimum_11",
    "cusum_up",
    "cusum_down",
)
"""Value; its distance from exponentially weighted means; such a mean; running medians; its distance from what this
hour of the week had before; running minimum; sums of what lies above and below the slow mean."""

_SHORT, _LONG = 11, 25  # values of the running medians
_HOUR = 60 * MINUTE
_WEEK_HOURS = 168
_WEEK_WEIGHT = 0.3
_WEIGHT_20, _WEIGHT_30, _WEIGHT_300 = 2 / 21, 2 / 31, 2 / 301
_SLACK = 0.5  # mean deviations that the CUSUMs forgive a value
_MOST_DEVIATIONS = 10.0
_FIXED = 8  # numbers of state before those of which there are more or fewer


class RunningMedian:
    """The median of the last `size` values (an odd number), None before there are so many."""

    __slots__ = ("_middle", "_ordered", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._middle = size // 2
        self._ordered: list[float] = []

    def push(self, value: float, leaving: float | None) -> float | None:
        """Take in `value`; `leaving` came `size` values before it."""
        ordered = self._ordered
        if leaving is not None:
            del ordered[bisect_left(ordered, leaving)]
        insort(ordered, value)
        return ordered[self._middle] if len(ordered) == self._size else None

    @property
    def lowest(self) -> float:
        return self._ordered[0]

    def restore(self, recent: Sequence[float]) -> None:
        """Go on after `recent`, oldest first."""
        self._ordered = sorted(recent[-self._size :])


class Channels:
    """What the signals are made of: 8 numbers, the last 25 values, and two numbers per known hour of the week."""

    __slots__ = (
        "_deviation",
        "_down",
        "_known",
        "_mean_20",
        "_mean_30",
        "_mean_300",
        "_median_11",
        "_median_25",
        "_recent",
        "_up",
        "_week",
    )

    def __init__(self) -> None:
        self._known = 0
        self._mean_20 = self._mean_30 = self._mean_300 = 0.0
        self._deviation = 0.0
        self._up = self._down = 0.0
        self._recent: list[float] = []
        self._median_11, self._median_25 = RunningMedian(_SHORT), RunningMedian(_LONG)
        self._week: dict[int, float] = {}

    def push(self, value: float, time: int) -> tuple[float | None, ...]:
        """The signal of every channel, in the order of `CHANNELS`; None where a channel knows too little yet."""
        if not self._known:
            self._mean_20 = self._mean_30 = self._mean_300 = value
        self._known = known = self._known + 1
        from_30, from_300 = value - self._mean_30, value - self._mean_300
        self._mean_30 += from_30 * (_WEIGHT_30 if known > 15 else 1 / known)
        self._mean_20 += (value - self._mean_20) * _WEIGHT_20
        recent = self._recent
        length = len(recent)
        median_11 = self._median_11.push(value, recent[-_SHORT] if length >= _SHORT else None)
        median_25 = self._median_25.push(value, recent[0] if length == _LONG else None)
        recent.append(value)
        if length == _LONG:
            del recent[0]
        minimum = None if median_11 is None else self._median_11.lowest
        self._accumulate(from_300, _WEIGHT_300 if known > 150 else 1 / known)
        hour = time // _HOUR % _WEEK_HOURS
        usual = self._week.get(hour)
        from_week = None if usual is None else value - usual
        self._week[hour] = value if usual is None else usual + (value - usual) * _WEEK_WEIGHT
        return (
            value,
            from_30,
            from_300,
            self._mean_20,
            median_11,
            median_25,
            from_week,
            minimum,
            self._up,
            self._down,
        )

    def skip(self) -> None:
        """What follows does not continue the last values."""
        self._recent = []
        self._median_11.restore(())
        self._median_25.restore(())
        self._up = self._down = 0.0

    def state(self) -> list[float]:
        week = [number for pair in self._week.items() for number in pair]
        means = [self._mean_20, self._mean_30, self._mean_300]
        return [self._known, *means, self._deviation, self._up, self._down, len(self._recent), *self._recent, *week]

    def restore(self, state: Sequence[float]) -> None:
        self._known = int(state[0])
        self._mean_20, self._mean_30, self._mean_300, self._deviation, self._up, self._down = state[1 : _FIXED - 1]
        week = _FIXED + int(state[_FIXED - 1])
        self._recent = list(state[_FIXED:week])
        self._median_11.restore(self._recent)
        self._median_25.restore(self._recent)
        self._week = {int(state[at]): state[at + 1] for at in range(week, len(state), 2)}

    def _accumulate(self, from_mean: float, weight: float) -> None:
        """Add a value's distance from the slow mean to the CUSUMs, then learn it; `weight` is that of one value."""
        if self._deviation > 0.0:
            z = from_mean / self._deviation
            if not -_MOST_DEVIATIONS <= z <= _MOST_DEVIATIONS:
                z = copysign(_MOST_DEVIATIONS, z)
            up, down = self._up + z - _SLACK, self._down - z - _SLACK
            self._up = up if up > 0.0 else 0.0
            self._down = down if down > 0.0 else 0.0
        self._deviation += (abs(from_mean) - self._deviation) * weight
        self._mean_300 += from_mean * weight
