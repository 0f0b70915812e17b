"""The alarm policy: hysteresis, merging, cooldown, onset, peak, end, severity."""

from __future__ import annotations

from itertools import pairwise

from telemetra.model.window import HOP, SECOND
from telemetra.moments.policy import Alarm, Change, Reading, Watch, release, step
from telemetra.moments.scale import score_of
from telemetra.moments.settings import MomentSettings

SETTINGS = MomentSettings()
LEVEL, SCALE = 60.0, 10.0


class Feed:
    """A series as the policy sees it: give it the z-scores of single hops, it makes the windows."""

    def __init__(self, *, up: bool = True, least: float = 0.0, settings: MomentSettings = SETTINGS) -> None:
        self.watch = Watch(up=up, least=least)
        self.settings = settings
        self.hops = [LEVEL] * 6
        self.end = 0
        self.log: list[tuple[Change, int, Alarm]] = []

    def push(self, *hop_zs: float) -> Feed:
        for hop_z in hop_zs:
            self.end += HOP
            self.hops = [*self.hops[1:], LEVEL + hop_z * SCALE]
            value = sum(self.hops) / 6
            z = (value - LEVEL) / SCALE
            change = step(self.watch, Reading(self.end, value, score_of(z), z, LEVEL, SCALE, self.hops), self.settings)
            if change is not None and self.watch.alarm is not None:
                alarm = self.watch.alarm
                self.log.append(
                    (change, self.end, Alarm(**{name: getattr(alarm, name) for name in Alarm.__struct_fields__}))
                )
                if change is Change.CLOSED:
                    release(self.watch, self.end, self.settings)
        return self

    @property
    def changes(self) -> list[Change]:
        return [change for change, _, _ in self.log]


def test_a_burst_opens_once_and_closes_once_with_onset_peak_and_end() -> None:
    feed = Feed().push(*[0] * 10, *[9] * 6, *[0] * 30)
    assert [change for change in feed.changes if change is not Change.ROSE] == [Change.OPENED, Change.CLOSED]
    opened, closed = feed.log[0][2], feed.log[-1][2]
    assert opened.onset == closed.onset == 10 * HOP
    assert closed.active_until == 16 * HOP
    assert closed.peak == LEVEL + 9 * SCALE
    assert closed.severity == score_of(9.0)
    assert feed.log[0][1] < 14 * HOP


def test_noise_below_the_alarm_opens_nothing() -> None:
    assert Feed().push(*[3.9, -3.9, 2.0] * 40).log == []


def test_what_holds_is_not_closed_by_a_dip() -> None:
    feed = Feed().push(*[9] * 6, *[0] * 4, *[9] * 6, *[0] * 30)
    assert feed.changes.count(Change.OPENED) == 1
    assert feed.log[-1][2].active_until == 16 * HOP


def test_bursts_far_apart_are_two() -> None:
    feed = Feed().push(*[9] * 6, *[0] * 40, *[9] * 6, *[0] * 30)
    assert feed.changes.count(Change.OPENED) == feed.changes.count(Change.CLOSED) == 2


def test_nothing_opens_during_the_cooldown() -> None:
    quick = Feed(settings=MomentSettings(merge_seconds=10, cooldown_seconds=0))
    muted = Feed(settings=MomentSettings(merge_seconds=10, cooldown_seconds=300))
    for feed in (quick, muted):
        feed.push(*[9] * 6, *[0] * 8, *[9] * 6, *[0] * 30)
    assert quick.changes.count(Change.OPENED) == 2
    assert muted.changes.count(Change.OPENED) == 1


def test_a_new_normal_ends_the_moment_and_must_fall_before_the_next() -> None:
    feed = Feed(settings=MomentSettings(longest_seconds=300)).push(*[9] * 200)
    assert feed.changes[-1] is Change.CLOSED
    assert feed.changes.count(Change.OPENED) == 1
    assert feed.log[-1][1] - feed.log[-1][2].onset == 300 * SECOND
    assert feed.push(*[0] * 10, *[9] * 6).changes[-2:] != [Change.CLOSED, Change.CLOSED]
    assert feed.changes.count(Change.OPENED) == 2


def test_it_is_told_again_only_when_severity_clearly_rises() -> None:
    feed = Feed().push(*[0] * 6, *[5] * 8, *[30] * 12, *[0] * 30)
    rises = [alarm.severity for change, _, alarm in feed.log if change is not Change.CLOSED]
    assert 2 <= len(rises) <= 4
    assert all(later - earlier >= SETTINGS.severity_step for earlier, later in pairwise(rises))


def test_too_little_to_matter_opens_nothing() -> None:
    assert Feed(least=1_000).push(*[9] * 12).log == []


def test_a_fall_is_seen_by_the_watch_for_falls_alone() -> None:
    assert Feed().push(*[0] * 6, *[-6] * 10).log == []
    feed = Feed(up=False).push(*[0] * 6, *[-6] * 10, *[0] * 30)
    assert feed.changes[0] is Change.OPENED
    closed = feed.log[-1][2]
    assert closed.peak == LEVEL - 6 * SCALE
    assert closed.z == -6.0
    assert closed.onset == 6 * HOP
    # A level that is small itself is nothing to fall from.
    assert Feed(up=False, least=100.0).push(*[0] * 6, *[-6] * 10).log == []
