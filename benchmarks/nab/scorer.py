"""The scoring of the Numenta Anomaly Benchmark, written from its published description.

A row is an alarm when its score reaches the threshold. The first rows of a series (probation) count for nothing. A
window is worth its best alarm: 1 at its first row, falling along a sigmoid to nearly 0 at its last; without an alarm
it costs `miss`. An alarm outside costs up to `false_alarm`, less close behind a window. One threshold for all series
is chosen per profile so that the sum is greatest. The sum is normalised: 0 for no alarm at all, 100 for one alarm at
the first row of every window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp
from typing import NamedTuple

from benchmarks.nab.corpus import Profile, Record

NOTHING = 1.1
"""A threshold that no score reaches."""

_FAR = 3.0  # lengths of a window behind it, from where on a false alarm costs all


class Row(NamedTuple):
    """A row that is scored: its worth inside a window (0..1) or its share of the cost of a false alarm outside
    (-1..0), its series, and its window there."""

    weight: float
    series: int
    window: int | None


@dataclass(frozen=True)
class Result:
    """`score` is normalised. `raw` holds the sum of every series, `windows` how many windows each has."""

    profile: Profile
    threshold: float
    raw: list[float]
    windows: list[int]

    @property
    def score(self) -> float:
        return normalised(sum(self.raw), sum(self.windows), self.profile)


class Scorer:
    """Scores detectors on `records`. A detector is a sequence of scores per record, one (0..1) per row."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._probations = [record.probation for record in records]
        self._windows = [len(record.windows) for record in records]
        self._rows = [
            Row(weight, number, window)
            for number, record in enumerate(records)
            for weight, window in weights(record)[record.probation :]
        ]

    def best(self, scores: Sequence[Sequence[float]], profile: Profile) -> Result:
        """With the threshold that suits the detector best."""
        sums = _Sums(self._windows, profile)
        threshold, most = NOTHING, sums.total
        ranked = sorted(zip(self._scored(scores), self._rows, strict=True), key=lambda pair: -pair[0])
        for score, pairs in groupby(ranked, key=lambda pair: pair[0]):
            for _, row in pairs:
                sums.alarm(row)
            if sums.total > most + 1e-9:
                threshold, most = score, sums.total
        return self.at(scores, profile, threshold)

    def at(self, scores: Sequence[Sequence[float]], profile: Profile, threshold: float) -> Result:
        """With a threshold that was chosen elsewhere."""
        sums = _Sums(self._windows, profile)
        for score, row in zip(self._scored(scores), self._rows, strict=True):
            if score >= threshold:
                sums.alarm(row)
        return Result(profile, threshold, sums.by_series, self._windows)

    def _scored(self, scores: Sequence[Sequence[float]]) -> Iterator[float]:
        for probation, values in zip(self._probations, scores, strict=True):
            yield from values[probation:]


class _Sums:
    """The sum of every series, as alarms are added."""

    def __init__(self, windows: Sequence[int], profile: Profile) -> None:
        self._profile = profile
        self._worth: dict[tuple[int, int], float] = {}
        self.by_series = [-profile.miss * many for many in windows]
        self.total = sum(self.by_series)

    def alarm(self, row: Row) -> None:
        weight, series, window = row
        if window is None:
            gain = weight * self._profile.false_alarm
        else:
            worth = self._worth.get((series, window), -self._profile.miss)
            gain = max(0.0, weight - worth)
            self._worth[series, window] = worth + gain
        self.by_series[series] += gain
        self.total += gain


def weights(record: Record) -> list[tuple[float, int | None]]:
    """Weight and window of every row, as in `Row`."""
    rows: list[tuple[float, int | None]] = []
    best = _sigmoid(-1.0)
    windows = sorted(record.windows)
    behind: tuple[int, int] | None = None
    number = 0
    for row in range(len(record.values)):
        if number < len(windows) and row >= windows[number][0]:
            first, last = windows[number]
            rows.append((_sigmoid(-(last - row + 1) / (last - first + 1)) / best, number))
            if row == last:
                behind = windows[number]
                number += 1
        elif behind is None:
            rows.append((-1.0, None))
        else:
            first, last = behind
            rows.append((_sigmoid((row - last) / (last - first)), None))
    return rows


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """0 where every one of the `windows` is missed without any alarm, 100 where all are found at once."""
    silent = -profile.miss * windows
    return 100 * (raw - silent) / (windows - silent)


def _sigmoid(position: float) -> float:
    """From nearly 1 one window before the window's end, over 0 at its end, to -1 far behind it."""
    return -1.0 if position > _FAR else 2.0 / (1.0 + exp(5.0 * position)) - 1.0
