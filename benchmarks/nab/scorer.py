"""The scoring of the Numenta Anomaly Benchmark, written from its published description.

A row counts as an alarm when its score reaches the threshold. The first rows of a series (probation) count for
nothing. A window is worth the weight of its best alarm: 1 at its first row, falling along a sigmoid to nearly 0 at its
last; without an alarm it costs `miss`. An alarm outside costs up to `false_alarm`, less close behind a window. One
threshold for all series is chosen per profile so that the sum is greatest. The sum is normalised: 0 for no alarm at
all, 100 for one alarm at the first row of every window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from benchmarks.nab.corpus import Profile, Record

_FAR = 3.0  # window lengths behind a window, from where on a false alarm costs all
NOTHING = 1.1  # a threshold that no score reaches


@dataclass(frozen=True)
class Result:
    """`score` is normalised. `raw` holds the sum of every series in the order given."""

    threshold: float
    score: float
    raw: list[float]


def weights(record: Record) -> list[tuple[float, int | None]]:
    """Per row: its worth inside a window (0..1) or its cost outside (at most 0), and the number of its window."""
    rows: list[tuple[float, int | None]] = []
    best = _sigmoid(-1.0)
    previous: tuple[int, int] | None = None
    windows = sorted(record.windows)
    number = 0
    for row in range(len(record.values)):
        if number < len(windows) and row >= windows[number][0]:
            first, last = windows[number]
            rows.append((_sigmoid(-(last - row + 1) / (last - first + 1)) / best, number))
            if row == last:
                previous = windows[number]
                number += 1
        elif previous is None:
            rows.append((-1.0, None))
        else:
            first, last = previous
            rows.append((_sigmoid((row - last) / (last - first)), None))
    return rows


def score(records: Sequence[Record], scores: Sequence[Sequence[float]], profile: Profile) -> Result:
    """The result of a detector that gave `scores`, a sequence per record, a score of 0..1 per row."""
    ranked = sorted(_points(records, scores), key=lambda point: -point[0])
    sums = _Sums(records, profile)
    threshold, best = NOTHING, sums.total
    at = 0
    while at < len(ranked):
        current = ranked[at][0]
        while at < len(ranked) and ranked[at][0] == current:
            _, series, weight, window = ranked[at]
            sums.alarm(series, weight, window)
            at += 1
        if sums.total > best + 1e-12:
            threshold, best = current, sums.total
    return at_threshold(records, scores, profile, threshold)


def at_threshold(
    records: Sequence[Record], scores: Sequence[Sequence[float]], profile: Profile, threshold: float
) -> Result:
    """As `score`, with a threshold that was chosen elsewhere."""
    sums = _Sums(records, profile)
    for value, series, weight, window in _points(records, scores):
        if value >= threshold:
            sums.alarm(series, weight, window)
    raw = sums.by_series
    return Result(threshold, normalised(sum(raw), sum(len(record.windows) for record in records), profile), raw)


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """0 where every one of the `windows` is missed without any alarm, 100 where all are found at once."""
    silent = -profile.miss * windows
    return 100 * (raw - silent) / (windows - silent)


class _Sums:
    """The sum of every series as alarms are added, by falling score."""

    def __init__(self, records: Sequence[Record], profile: Profile) -> None:
        self._profile = profile
        self._windows: dict[tuple[int, int], float] = {}
        self.by_series = [-profile.miss * len(record.windows) for record in records]
        self.total = sum(self.by_series)

    def alarm(self, series: int, weight: float, window: int | None) -> None:
        if window is None:
            gain = weight * self._profile.false_alarm
        else:
            known = self._windows.get((series, window), -self._profile.miss)
            gain = max(0.0, weight - known)
            self._windows[series, window] = known + gain
        self.by_series[series] += gain
        self.total += gain


def _points(records: Sequence[Record], scores: Sequence[Sequence[float]]) -> list[tuple[float, int, float, int | None]]:
    return [
        (value, number, weight, window)
        for number, (record, values) in enumerate(zip(records, scores, strict=True))
        for (weight, window), value in list(zip(weights(record), values, strict=True))[record.probation :]
    ]


def _sigmoid(position: float) -> float:
    """From nearly 1 one window before the window's end, over 0 at its end, to -1 far behind it."""
    return -1.0 if position >= _FAR else 2.0 / (1.0 + exp(5.0 * position)) - 1.0


def by_group(records: Sequence[Record], raw: Sequence[float]) -> Mapping[str, float]:
    """The sums of the series, by group."""
    groups: dict[str, float] = {}
    for record, value in zip(records, raw, strict=True):
        groups[record.group] = groups.get(record.group, 0.0) + value
    return groups
