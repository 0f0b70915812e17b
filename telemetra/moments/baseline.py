"""What is usual for a series: robust level and scale of its windows, which do not overlap each other."""

from __future__ import annotations

from math import sqrt
from statistics import fmean, median
from typing import Protocol

from telemetra.kinds.base import Series
from telemetra.moments.scale import LARGEST

CAPACITY = 60
HALF_LIFE = 40  # values, one a minute
NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution, over its median absolute deviation

_PRIOR_VALUES = 4
_GAUGE_LEVEL_VALUES = 5

_WEIGHTS = tuple(0.5 ** (age / HALF_LIFE) for age in range(CAPACITY))
_TOTALS = (0.0, *(sum(_WEIGHTS[:count]) for count in range(1, CAPACITY + 1)))


class Baseline(Protocol):
    """Learns one value a minute and tells the usual `level` and `scale`; `known` is how many values it has seen, up to
    `CAPACITY`."""

    level: float
    scale: float

    @property
    def known(self) -> int: ...

    def learn(self, value: float) -> None: ...

    def state(self) -> list[float]: ...

    def restore(self, state: list[float]) -> None: ...


def weighted_median(values: list[float]) -> float:
    """The median of `values` (oldest first, at least one), the recent ones counting more."""
    newest = len(values) - 1
    remaining = _TOTALS[newest + 1] / 2
    ordered = sorted(range(newest + 1), key=values.__getitem__)
    for at in ordered:
        remaining -= _WEIGHTS[newest - at]
        if remaining <= 0:
            return values[at]
    return values[ordered[-1]]


def _variance(known: int, seen: float, expected: float) -> float:
    """History and what is expected without it, as if the latter were four more values."""
    return (known * seen * seen + _PRIOR_VALUES * expected * expected) / (known + _PRIOR_VALUES)


class CountBaseline:
    """Counts: the exponentially weighted median and median absolute deviation of the last hour.

    The scale is at least the square root of the level (Poisson noise; of level times `step` where an event counts as
    about so much). `spread` is the share of its level by which such a series ordinarily varies: it stands for history
    while there is little, and keeps the scale from vanishing. With `step` 0 nobody knows what an ordinary event is
    (amounts in any unit): where most windows are empty the scale is then the root mean square of history, so that not
    every event is out of the ordinary, and without any event in it nothing is.
    """

    __slots__ = ("_spread", "_step", "_values", "level", "scale")

    def __init__(self, spread: float, step: float = 1.0) -> None:
        self._spread = spread
        self._step = step
        self._values: list[float] = []
        self.level = 0.0
        self.scale = 1.0

    @property
    def known(self) -> int:
        return len(self._values)

    def learn(self, value: float) -> None:
        self._values.append(value)
        if len(self._values) > CAPACITY:
            del self._values[0]
        self._summarise()

    def state(self) -> list[float]:
        return self._values.copy()

    def restore(self, state: list[float]) -> None:
        self._values = state.copy()
        if state:
            self._summarise()

    def _summarise(self) -> None:
        values = self._values
        self.level = level = weighted_median(values)
        seen = NORMAL_MAD * weighted_median([abs(value - level) for value in values])
        noise = self._step * max(level, self._step)
        if self._step == 0.0 and level == 0.0:
            noise = fmean([value * value for value in values]) or LARGEST * LARGEST
        # Amounts in any unit may be so small that their squares vanish.
        self.scale = max(sqrt(max(_variance(len(values), seen, self._spread * level), noise)), 1.0 / LARGEST)


class GaugeBaseline:
    """Gauges drift: the level is the median of the last five minutes, the scale is how far such a level usually was
    from the value that followed it, in the last hour. `spread` as for counts."""

    __slots__ = ("_errors", "_recent", "_spread", "level", "scale")

    def __init__(self, spread: float) -> None:
        self._spread = spread
        self._recent: list[float] = []
        self._errors: list[float] = []
        self.level = 0.0
        self.scale = 1.0

    @property
    def known(self) -> int:
        return len(self._errors) + 1 if self._recent else 0

    def learn(self, value: float) -> None:
        if self._recent:
            self._errors.append(abs(value - self.level))
            if len(self._errors) >= CAPACITY:
                del self._errors[0]
        self._recent.append(value)
        if len(self._recent) > _GAUGE_LEVEL_VALUES:
            del self._recent[0]
        self._summarise()

    def state(self) -> list[float]:
        return [len(self._recent), *self._recent, *self._errors]

    def restore(self, state: list[float]) -> None:
        recent = int(state[0]) + 1
        self._recent, self._errors = state[1:recent], state[recent:]
        if self._recent:
            self._summarise()

    def _summarise(self) -> None:
        self.level = median(self._recent)
        seen = NORMAL_MAD * weighted_median(self._errors) if self._errors else 0.0
        self.scale = sqrt(_variance(len(self._errors), seen, self._spread * abs(self.level))) or 1.0


class MeanBaseline(CountBaseline):
    """Means of events: the level of the last hour, as moods come back to where they were. `spread` is how far a
    window's mean ordinarily is from it, in its unit."""

    __slots__ = ()

    def _summarise(self) -> None:
        values = self._values
        self.level = level = weighted_median(values)
        seen = NORMAL_MAD * weighted_median([abs(value - level) for value in values])
        self.scale = sqrt(_variance(len(values), seen, self._spread))


def baseline_of(series: Series) -> Baseline:
    """The baseline for the form of a series."""
    if series.count:
        return CountBaseline(series.spread, series.step)
    if series.weight is not None:
        return MeanBaseline(series.spread / sqrt(series.least_weight))
    return GaugeBaseline(series.spread)
