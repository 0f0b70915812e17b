"""A replayed archive gives the moments that a pipeline gave which saw the events as they came in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

import pytest

from telemetra.engine.engine import Engine, EngineSettings
from telemetra.model.event import Event, in_runs
from telemetra.model.moment import Moment
from telemetra.model.window import SECOND
from telemetra.moments.settings import MomentSettings
from telemetra.operations.backtest_replay import Replay
from tests.support.engine import REGISTRY, START, detectors, event

SETTINGS = EngineSettings()
LOOK_SECONDS = 0.25
ENDLESS = 2**62


def halting_chat(seed: int) -> list[Event]:
    """Two hours of chat with cheers, cut by silences, in the order of arrival.

    None is so near to the limits that a pipeline's next look decides.
    """
    chance = random.Random(seed)
    events: list[Event] = []
    at = 0.0
    while at < 7200:
        cheering = at % 900 > 840
        at += min(chance.expovariate(8.0 if cheering else 0.6), 8.0)
        if chance.random() < 0.004:
            at += chance.choice([12.0, 12.0, 30.0, 75.0])
        when = at - chance.choice([0] * 20 + [3, 20, 100])
        events.append(event(f"c{len(events)}", when, received_seconds=at + 0.5))
    return events


def live(events: Sequence[Event], until_seconds: float) -> dict[UUID, Moment]:
    """What a pipeline finds that looks for new events every quarter of a second."""
    engine = Engine(REGISTRY, detectors, SETTINGS, 0)
    found: dict[UUID, Moment] = {}
    position, now = 0, 0.0
    while now < until_seconds:
        arrived = position
        while arrived < len(events) and events[arrived].received_at <= START + now * SECOND:
            arrived += 1
        engine.process(position, in_runs(events[position:arrived]), now, {}, {})
        position = arrived
        engine.tick(now)
        found |= {moment.moment_id: moment for moment in engine.take_effects().moments}
        now += LOOK_SECONDS
    return found


def ends(moments: dict[UUID, Moment]) -> dict[UUID, tuple[int, int | None, float]]:
    return {key: (moment.version, moment.ended_at, moment.severity) for key, moment in moments.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("page", [1, 50, 10_000])
def test_silences_close_as_they_did_live(seed: int, page: int) -> None:
    events = halting_chat(seed)
    until_seconds = (events[-1].received_at - START) / SECOND + 300
    replay = Replay(REGISTRY, SETTINGS, MomentSettings(), start=0, end=ENDLESS, keep_from=0)
    for first in range(0, len(events), page):
        replay.feed(events[first : first + page])
    replay.silence_until(START + round(until_seconds * SECOND))
    expected = live(events, until_seconds)
    assert len(expected) > 2
    assert ends(replay.moments) == ends(expected)
    assert replay.events == len(events)


def test_a_range_is_settled_once_its_moments_have_ended_and_were_seen() -> None:
    steady = [event(f"s{second}", second) for second in range(1200)]
    cheer = [event(f"c{number}", 1200 + number / 20) for number in range(400)]
    after = [event(f"a{second}", 1220 + second) for second in range(400)]
    end = START + 1240 * SECOND
    replay = Replay(REGISTRY, SETTINGS, MomentSettings(), start=START + 600 * SECOND, end=end, keep_from=START)
    replay.feed(steady + cheer)
    assert not replay.settled
    replay.feed(after[:85])
    assert [moment.ended_at for moment in replay.moments.values()] == [None]
    assert not replay.settled
    replay.feed(after[85:])
    assert replay.settled
    assert replay.hours == pytest.approx(640 / 3600)
