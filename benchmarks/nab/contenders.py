"""The detectors that are compared: those of the product, and plain ones. None looks ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import erfc, sqrt
from statistics import fmean, pstdev

from benchmarks.nab.corpus import Record
from telemetra.kinds.base import Series
from telemetra.moments.base import Detector
from telemetra.moments.heads import BUILT_IN
from telemetra.moments.novelty import Novelty
from telemetra.moments.scale import score_of

Scores = list[list[float]]
Contender = Callable[[Sequence[float], Sequence[int]], list[float]]
"""Values and their times in, a score per value out."""

GAUGE = Series("value", "value", False, lambda values: values["value"])

SEEDS_VALUES = 11
SEEDS_Z = 3.0
TRAILING_VALUES = 360
BLIND_EVERY = 400


def run(contender: Contender, records: Iterable[Record], *, cold: bool) -> Scores:
    """Warm: from the first row. Cold: nothing before the first row that is scored."""
    scores = []
    for record in records:
        first = record.probation if cold else 0
        scores.append([0.0] * first + contender(record.values[first:], record.times[first:]))
    return scores


def head(name: str) -> Contender:
    """A built-in head, as for a gauge with the defaults of a series."""
    return _watching(lambda: BUILT_IN[name](GAUGE))


def novelty_of(channels: Iterable[str]) -> Contender:
    """The novelty head with these channels alone."""
    speaking = tuple(channels)
    return _watching(lambda: Novelty(speaking=speaking))


def novelty_without(**parts: float) -> Contender:
    """The novelty head with other numbers, as `Novelty` takes them."""
    return _watching(lambda: Novelty(**parts))  # type: ignore[arg-type]


def highest(*names: str) -> Contender:
    """The highest score of several built-in heads."""
    heads = [head(name) for name in names]

    def watch(values: Sequence[float], times: Sequence[int]) -> list[float]:
        return [max(scores) for scores in zip(*(each(values, times) for each in heads), strict=True)]

    return watch


def _watching(build: Callable[[], Detector]) -> Contender:
    def watch(values: Sequence[float], times: Sequence[int]) -> list[float]:
        detector = build()
        return [detector.observe(value, time) for value, time in zip(values, times, strict=True)]

    return watch


def seeds_z(values: Sequence[float], times: Sequence[int]) -> list[float]:
    """|z| of a value in the mean and deviation of the last 11 values, itself among them: never above √10."""
    scores = []
    recent: deque[float] = deque(maxlen=SEEDS_VALUES)
    for value in values:
        recent.append(value)
        deviation = pstdev(recent)
        scores.append(score_of((value - fmean(recent)) / deviation) if deviation > 0 else 0.0)
    return scores


def trailing_z(values: Sequence[float], times: Sequence[int]) -> list[float]:
    """|z| of a value in the mean and deviation of the 360 values before it (an hour of hops)."""
    sums = _Trailing(TRAILING_VALUES)
    scores = []
    for value in values:
        mean, deviation = sums.mean_and_deviation()
        scores.append(score_of((value - mean) / deviation) if deviation > 0 else 0.0)
        sums.push(value)
    return scores


def blind(values: Sequence[float], times: Sequence[int]) -> list[float]:
    """An alarm every 400 values, whatever they are."""
    return [float(at % BLIND_EVERY == 0) for at in range(len(values))]


def windowed_gaussian(values: Sequence[float], times: Sequence[int]) -> list[float]:
    """The benchmark's own baseline as it was published: 1 less the probability of so high a value, to 12 decimals.

    The scorer is checked by it. Mean and deviation are those of the last 6,400 values, moved on by 100 at a time.
    """
    sums = _Trailing(6_400)
    waiting: list[float] = []
    scores = []
    for at, value in enumerate(values):
        mean, deviation = sums.mean_and_deviation()
        z = (value - mean) / (deviation or 1e-6)
        scores.append(round(1.0 - 0.5 * erfc(z / 1.4142), 12) if at else 0.0)
        waiting.append(value)
        if at < 6_400 or len(waiting) == 100:
            for each in waiting:
                sums.push(each)
            waiting.clear()
    return scores


class _Trailing:
    """Mean and standard deviation of the last `size` values."""

    def __init__(self, size: int) -> None:
        self._values: deque[float] = deque(maxlen=size)
        self._sum = self._squares = 0.0

    def push(self, value: float) -> None:
        if len(self._values) == self._values.maxlen:
            oldest = self._values[0]
            self._sum -= oldest
            self._squares -= oldest * oldest
        self._values.append(value)
        self._sum += value
        self._squares += value * value

    def mean_and_deviation(self) -> tuple[float, float]:
        many = len(self._values)
        if not many:
            return 0.0, 0.0
        mean = self._sum / many
        return mean, sqrt(max(0.0, self._squares / many - mean * mean))
