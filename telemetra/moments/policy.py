"""The alarm policy: from scores to moments. Hysteresis, merging, cooldown, onset, peak, severity, end.

It knows nothing of how scores are made, and the heads know nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import msgspec

from telemetra.model.window import HOP, HOPS_PER_WINDOW, MINUTE, SECOND
from telemetra.moments.scale import score_of
from telemetra.moments.settings import MomentSettings

SETTLED = 5 * MINUTE
"""After so long what a moment has brought is compared with what comes."""

ACTIVE_Z = 3.0
"""A single hop belongs to a moment when it alone, kept up for a minute, would stand so many scales off the level."""


class Reading(NamedTuple):
    """One series at the end of one hop. `value` is that of the 60 s window, `hops` those of the hops in it (None:
    no reading), newest last, in the same unit: a count per minute, or the gauge."""

    end: int
    value: float
    score: float
    z: float
    level: float
    scale: float
    hops: Sequence[float | None]


class Alarm(msgspec.Struct):
    """A moment that lasts. `peak` is the most extreme window value, `peak_at` the end of that window, `z` its z-score.
    `active_until`: end of the last active hop; `loud_until`: end of the last window that was not quiet; `told`: the
    severity that was emitted last."""

    onset: int
    level: float
    scale: float
    peak: float
    peak_at: int
    z: float
    severity: float
    active_until: int
    loud_until: int
    told: float


class Watch(msgspec.Struct):
    """What the policy knows about one direction of one series; plain data."""

    up: bool
    least: float
    alarm: Alarm | None = None
    muted_until: int = 0
    exhausted: bool = False


class Change(Enum):
    OPENED = "opened"
    ROSE = "rose"
    CLOSED = "closed"


def step(watch: Watch, reading: Reading, settings: MomentSettings) -> Change | None:
    """Judge one reading. After CLOSED the alarm still stands in `watch`; the caller takes it away by `release`."""
    score = reading.score if (reading.z > 0) == watch.up else 0.0
    alarm = watch.alarm
    if alarm is None:
        if watch.exhausted:
            watch.exhausted = score >= settings.hold_score
            return None
        big_enough = (reading.value if watch.up else reading.level) >= watch.least
        if score < settings.open_score or not big_enough or reading.end <= watch.muted_until:
            return None
        watch.alarm = opened(reading._replace(score=score), up=watch.up)
        return Change.OPENED
    if _is_active(reading.hops[-1], reading, watch.up):
        alarm.active_until = reading.end
    if score >= settings.hold_score:
        alarm.loud_until = reading.end
    if (reading.value > alarm.peak) == watch.up and reading.value != alarm.peak:
        alarm.peak, alarm.peak_at, alarm.z = reading.value, reading.end, reading.z
    alarm.severity = max(alarm.severity, score)
    if reading.end - alarm.onset >= settings.longest_seconds * SECOND:
        watch.exhausted = score >= settings.hold_score
        return Change.CLOSED
    if reading.end - alarm.loud_until >= settings.merge_seconds * SECOND:
        return Change.CLOSED
    if alarm.severity >= alarm.told + settings.severity_step:
        alarm.told = alarm.severity
        return Change.ROSE
    return None


def rises_again(
    watch: Watch, reading: Reading, before: Sequence[float], spread: float, settings: MomentSettings
) -> Reading | None:
    """`reading` as it stands above the highest of the windows `before` it, where that alone would open a moment.

    So a moment that has lasted for a while ends where another one begins: a chat that fills up, and then bursts.
    `spread`: the share of its level by which such a series ordinarily varies.
    """
    if not watch.up or not before:
        return None
    level = max(before)
    scale = max(reading.scale, spread * level)
    z = (reading.value - level) / scale
    score = score_of(z) if z > 0 else 0.0
    return reading._replace(level=level, scale=scale, z=z, score=score) if score >= settings.open_score else None


def release(watch: Watch, end: int, settings: MomentSettings) -> None:
    """Take away the alarm that closed at `end`, and mute the watch for a while."""
    watch.alarm = None
    watch.muted_until = end + settings.cooldown_seconds * SECOND


def _is_active(hop: float | None, reading: Reading, up: bool) -> bool:
    if hop is None:
        return False
    distance = hop - reading.level if up else reading.level - hop
    return distance >= ACTIVE_Z * reading.scale


def opened(reading: Reading, *, up: bool = True) -> Alarm:
    """The alarm that begins with `reading`."""
    active = [_is_active(hop, reading, up) for hop in reading.hops]
    first = last = len(active) - 1
    if any(active):
        while not active[last]:
            last -= 1
        # One weak hop does not part a burst in two.
        first = last
        while first > 0 and (active[first - 1] or (first > 1 and active[first - 2])):
            first -= 1
    newest = len(active) - 1
    return Alarm(
        onset=reading.end - (newest - first + 1) * HOP,
        level=reading.level,
        scale=reading.scale,
        peak=reading.value,
        peak_at=reading.end,
        z=reading.z,
        severity=reading.score,
        active_until=reading.end - (newest - last) * HOP,
        loud_until=reading.end,
        told=reading.score,
    )


def quiet(end: int, level: float, scale: float) -> Reading:
    """The reading of a series that says nothing at the moment."""
    return Reading(end, level, 0.0, 0.0, level, scale, (None,) * HOPS_PER_WINDOW)
