"""The simulated channels: the same events every time, in order, without seams, with a truth that can be found."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from telemetra.model.event import Event
from telemetra.model.moment import Moment
from telemetra.model.times import to_microseconds
from telemetra.model.window import HOP, MINUTE, SECOND
from telemetra.sources.simulate import SOURCE, Simulation
from telemetra.sources.simulation.channels import CHANNELS
from telemetra.sources.simulation.plants import KINDS
from tests.support.engine import Tables
from tests.support.observations import KIND, ORIGIN

HALF_HOUR = 30 * MINUTE


def time_of(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text))


def events(seed: int, start: int = ORIGIN, end: int = ORIGIN + 10 * MINUTE) -> list[dict[str, Any]]:
    return list(Simulation(seed, ORIGIN).events(start, end))


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    assert events(7) == events(7)
    assert events(7) != events(8)


def test_pieces_join_without_a_seam() -> None:
    whole = events(7)
    cuts = [ORIGIN, ORIGIN + 1, ORIGIN + 61_234_567, ORIGIN + 61_234_568, ORIGIN + 5 * MINUTE, ORIGIN + 10 * MINUTE]
    one = Simulation(7, ORIGIN)
    assert [event for start, end in pairwise(cuts) for event in one.events(start, end)] == whole
    # A process that starts later goes on with the same events.
    assert events(7, start=cuts[3]) == [event for event in whole if time_of(event["timestamp"]) >= cuts[3]]


def test_events_are_in_order_and_their_ids_unique() -> None:
    found = events(7, end=ORIGIN + HALF_HOUR)
    times = [time_of(event["timestamp"]) for event in found]
    assert times == sorted(times)
    assert times[0] >= ORIGIN
    assert times[-1] < ORIGIN + HALF_HOUR
    assert len({event["event_id"] for event in found}) == len(found)


def test_every_event_is_valid() -> None:
    for event in events(7, end=ORIGIN + HALF_HOUR):
        declared = KIND.types[event["type"]]
        data = msgspec.json.decode(msgspec.json.encode(event["data"]), type=declared.model)
        assert declared.check is None or declared.check(data) is None
        assert len(event["event_id"]) <= 200
    ids = [event["data"]["transaction_id"] for event in events(7) if event["type"] == "transaction"]
    assert len(set(ids)) == len(ids) > 0


def test_channels_begin_and_raids_are_announced() -> None:
    found = [event for event in events(7, end=ORIGIN + HALF_HOUR) if event["type"] == "stream.meta"]
    starts = [event["stream_id"] for event in found if event["data"]["event_type"] == "stream_start"]
    assert sorted(starts) == sorted(channel.stream_id for channel in CHANNELS)
    raids = [(event["stream_id"], time_of(event["timestamp"]) // SECOND) for event in found if "raid" in event["data"]]
    truth = Simulation(7, ORIGIN).truth(ORIGIN, ORIGIN + HALF_HOUR)
    assert sorted(raids) == sorted(
        (plant["stream_id"], time_of(plant["onset"]) // SECOND) for plant in truth if plant["type"] == "raid"
    )
    assert raids


def test_the_truth_of_pieces_is_the_truth_of_the_whole() -> None:
    one = Simulation(3, ORIGIN)
    whole = one.truth(ORIGIN, ORIGIN + 120 * MINUTE)
    assert one.truth(ORIGIN, ORIGIN + 50 * MINUTE) + one.truth(ORIGIN + 50 * MINUTE, ORIGIN + 120 * MINUTE) == whole
    assert {plant["type"] for plant in whole} == set(KINDS)
    onsets = [time_of(plant["onset"]) for plant in whole]
    assert onsets == sorted(onsets)
    # Somebody who watches the demo sees something new every few minutes.
    assert max(later - earlier for earlier, later in pairwise(onsets)) <= 6 * MINUTE


def detected(seed: int, end: int) -> dict[str, list[Moment]]:
    """The moments that the engine finds in the simulated channels, by stream."""
    items = []
    for event in events(seed, end=end):
        time = time_of(event["timestamp"])
        data = msgspec.json.encode(event["data"])
        identity = event["event_id"], event["type"], "default", event["stream_id"], SOURCE
        items.append(Event(*identity, time, time + SECOND, data))
    tables = Tables(items)
    tables.run([])
    found: dict[str, list[Moment]] = {channel.stream_id: [] for channel in CHANNELS}
    for moment in tables.moments.values():
        found[moment.stream_id].append(moment)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_planted_is_found_and_nothing_else(seed: int) -> None:
    judged_until = ORIGIN + 60 * MINUTE
    moments = {
        stream_id: [moment for moment in of_stream if moment.timestamp < judged_until]
        for stream_id, of_stream in detected(seed, judged_until + 2 * MINUTE).items()
    }
    expected = [
        (plant["stream_id"], moment_type, time_of(plant["onset"]), time_of(plant["end"]))
        for plant in Simulation(seed, ORIGIN).truth(ORIGIN, judged_until)
        for moment_type in plant["moment_types"]
    ]
    hit = set()
    found = 0
    for stream_id, moment_type, onset, until in expected:
        matching = [
            moment
            for moment in moments[stream_id]
            if moment.moment_type == moment_type and onset - 2 * HOP <= moment.timestamp <= until + 2 * HOP
        ]
        found += bool(matching)
        hit.update(moment.moment_id for moment in matching)
    total = Counter(moment.moment_id in hit for of_stream in moments.values() for moment in of_stream)
    assert found >= 0.9 * len(expected)
    assert total[False] <= 0.05 * total[True]
    assert moments["lofi_lighthouse"] == []


def test_moments_are_there_in_the_first_half_hour() -> None:
    moments = [moment for of_stream in detected(1, ORIGIN + HALF_HOUR).values() for moment in of_stream]
    after = [moment for moment in moments if moment.timestamp >= ORIGIN + 8 * MINUTE]
    assert len([moment for moment in after if moment.ended_at is not None]) >= 4
