"""A moment in one plain sentence."""

from __future__ import annotations

from math import floor, log10

from telemetra.kinds.base import Cause, Series
from telemetra.moments.policy import Alarm


def describe(series: Series, alarm: Alarm, cause: Cause, *, up: bool) -> str:
    """`Chat rose to 412 messages a minute, 5.2 times the usual 79, after a raid of 350 viewers from X.`"""
    mean = series.weight is not None
    peak, level = (_signed if mean else _number)(alarm.peak), (_signed if mean else _number)(alarm.level)
    unit = f" {series.unit} a minute" if series.count and series.unit else ""
    head = f"{series.name.capitalize()} {'rose' if up else 'fell'} to {peak}{unit}"
    if not series.count and series.step == 0.0 and alarm.level > 0:
        return _describe_measured(series, alarm, cause, up=up)
    if up and not mean and alarm.level >= 1:
        compared = f", {alarm.peak / alarm.level:.1f} times the usual {level}"
    else:
        compared = f" from the usual {level}"
    return f"{head}{compared}{f', {cause.reads}' if cause.reads else ''}."


def _describe_measured(series: Series, alarm: Alarm, cause: Cause, *, up: bool) -> str:
    """`Price rose to 61,201, 2.0% above the usual 60,009.` As many digits as the difference needs."""
    decimals = max(0, 1 - floor(log10(abs(alarm.peak - alarm.level) or 1.0)))
    change = abs(alarm.peak / alarm.level - 1)
    head = f"{series.name.capitalize()} {'rose' if up else 'fell'} to {alarm.peak:,.{decimals}f}"
    compared = (
        f"{change:.{1 if change >= 0.001 else 3}%} {'above' if up else 'below'} the usual {alarm.level:,.{decimals}f}"
    )
    return f"{head}, {compared}{f', {cause.reads}' if cause.reads else ''}."


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}"
