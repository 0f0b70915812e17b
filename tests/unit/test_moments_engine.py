"""Moments through the real engine: the same whatever the size of the reads and wherever the process is killed."""

from __future__ import annotations

import random
from datetime import datetime

import msgspec
import pytest

from telemetra.model.event import Event
from telemetra.model.times import to_microseconds
from telemetra.model.window import MINUTE, SECOND
from telemetra.sources.simulate import SOURCE, Simulation
from tests.support.engine import START, Tables

END = START + 25 * MINUTE


@pytest.fixture(scope="module")
def events() -> list[Event]:
    items = []
    for event in Simulation(11, START).events(START, END):
        timestamp = to_microseconds(datetime.fromisoformat(event["timestamp"]))
        data = msgspec.json.encode(event["data"])
        items.append(
            Event(
                event["event_id"],
                event["type"],
                "default",
                event["stream_id"],
                SOURCE,
                timestamp,
                timestamp + SECOND,
                data,
            )
        )
    return items


@pytest.fixture(scope="module")
def uninterrupted(events: list[Event]) -> Tables:
    tables = Tables(events)
    tables.run([])
    return tables


def test_what_was_planted_becomes_moments(uninterrupted: Tables) -> None:
    found = {(moment.stream_id, moment.moment_type) for moment in uninterrupted.moments.values()}
    planted = Simulation(11, START).truth(START, END - 2 * MINUTE)
    expected = {(plant["stream_id"], moment_type) for plant in planted for moment_type in plant["moment_types"]}
    assert expected
    assert found == expected
    assert all(moment.metadata["stream_offset_seconds"] > 480 for moment in uninterrupted.moments.values())
    assert all(moment.metadata["top_messages"] for moment in uninterrupted.moments.values())


def test_reads_and_kills_change_no_moment(events: list[Event], uninterrupted: Tables) -> None:
    rng = random.Random(2)
    tables = Tables(events)
    sizes: list[int] = []
    while sum(size for size in sizes if size > 0) < len(events) - 2_000:
        sizes.append(rng.choice([1, -1]) * rng.randint(1, 1_500))
    tables.run(sizes)
    assert any(size < 0 for size in sizes)
    assert tables.moments == uninterrupted.moments
    assert tables.rows == uninterrupted.rows
