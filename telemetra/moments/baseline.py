"""What is usual: an exponentially weighted median and median absolute deviation over the last hour of windows."""

from __future__ import annotations

from math import sqrt

CAPACITY = 60
HALF_LIFE = 40  # values, one a minute
NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution, over its median absolute deviation

_PRIOR_VALUES = 4

_WEIGHTS = tuple(0.5 ** (age / HALF_LIFE) for age in range(CAPACITY))
_TOTALS = (0.0, *(sum(_WEIGHTS[:count]) for count in range(1, CAPACITY + 1)))


def _weighted_median(values: list[float]) -> float:
    """The median of `values` (oldest first), recent ones counting more."""
    remaining = _TOTALS[len(values)] / 2
    ordered = sorted(zip(reversed(values), _WEIGHTS, strict=False))
    for value, weight in ordered:
        remaining -= weight
        if remaining <= 0:
            return value
    return ordered[-1][0]


class Baseline:
    """Robust level and scale of a series of windows that do not overlap; at most `CAPACITY` numbers of state.

    `count`: the values are counts, so the scale is at least the square root of the level (Poisson noise). `spread` is
    the share of its level by which such a series ordinarily varies: it stands for history while there is little, and
    keeps the scale from vanishing when there is much.
    """

    __slots__ = ("_count", "_spread", "level", "scale", "values")

    def __init__(self, *, count: bool, spread: float) -> None:
        self._count = count
        self._spread = spread
        self.values: list[float] = []
        self.level = 0.0
        self.scale = 1.0

    def learn(self, value: float) -> None:
        self.values.append(value)
        if len(self.values) > CAPACITY:
            del self.values[0]
        self._summarise()

    def restore(self, values: list[float]) -> None:
        self.values = values
        if values:
            self._summarise()

    def _summarise(self) -> None:
        values = self.values
        known = len(values)
        level = _weighted_median(values)
        seen = NORMAL_MAD * _weighted_median([abs(value - level) for value in values])
        expected = self._spread * level
        variance = (known * seen * seen + _PRIOR_VALUES * expected * expected) / (known + _PRIOR_VALUES)
        if self._count:
            variance = max(variance, level, 1.0)
        self.level = level
        self.scale = sqrt(variance) or 1.0
