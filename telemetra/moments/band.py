"""Where a moment begins: the values of a window between which a series is as usual."""

from __future__ import annotations

from telemetra.kinds.base import Series
from telemetra.model.window import Band
from telemetra.moments import falls

_DIGITS = 9


def rise_begins(series: Series, level: float, distance: float) -> float:
    """The window value from which a rise is a moment, where it must stand `distance` above `level`."""
    if series.weight is not None:
        return level + max(distance, series.least)
    return max(level + distance, series.least)


def fall_begins(series: Series, level: float, distance: float) -> float:
    """The window value from which a fall is a moment, where it must stand `distance` below `level`."""
    if series.weight is not None:
        return level - max(distance, series.least)
    return min(level - distance, falls.limit(series, level))


def band_of(series: Series, level: float, distance: float) -> Band:
    """`low` of a count is 0 where there is nothing to fall from."""
    low = fall_begins(series, level, distance)
    if series.count:
        low = max(low, 0.0) if level >= series.least else 0.0
    return Band(_short(level), _short(low), _short(rise_begins(series, level, distance)))


def _short(value: float) -> float:
    """Enough digits for any chart; counts, prices and shares alike."""
    return float(f"{value:.{_DIGITS}g}")
