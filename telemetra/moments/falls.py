"""When a low window is a fall worth a moment, and not a quiet night, a silence or the end of the stream."""

from __future__ import annotations

from math import sqrt

from telemetra.kinds.base import Series
from telemetra.model.window import HOPS_PER_WINDOW
from telemetra.moments.policy import Reading

_SURE = 3.0
"""So many standard deviations of its own noise a window stays below the limit."""

_SPEAKING_HOPS = HOPS_PER_WINDOW // 2
_LOW_READINGS = 3


def worth(series: Series, reading: Reading, *, live: bool) -> bool:
    """Whether what `reading` says may be a moment downwards (for a mean: in either direction).

    A fall leaves something: a series that says nothing at all is stale, which is a state of the stream. It is also
    clear of its noise, and after the end of a stream everything falls.
    """
    if series.weight is not None:
        return abs(reading.value - reading.level) >= series.least
    if not live or reading.value <= 0:
        return False
    if series.count:
        speaking = sum(1 for hop in reading.hops if hop)
        return speaking >= _SPEAKING_HOPS and reading.value <= limit(series, reading.level)
    readings = [hop for hop in reading.hops if hop is not None][-_LOW_READINGS:]
    highest = limit(series, reading.level)
    return len(readings) == _LOW_READINGS and all(0 < hop <= highest for hop in readings)


def limit(series: Series, level: float) -> float:
    """The highest value that is surely a fall from `level`: with so many standard deviations of its noise added, it is
    the share of the level that the series declares. Of a level below 0 nothing is."""
    share = series.fall * level
    if share <= 0:
        return min(share, 0.0)
    noise = _SURE * sqrt(series.step)
    return ((sqrt(noise * noise + 4 * share) - noise) / 2) ** 2
