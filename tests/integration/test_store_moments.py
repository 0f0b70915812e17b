"""Questions about moments: by time and type, after an offset, the newest of many streams."""

from __future__ import annotations

import pytest

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.database import Database
from telemetra.store.moments import list_moments, moments_after, moments_since, recent_moments
from tests.support.rows import NOW, add_moment, add_stream


@pytest.fixture(autouse=True)
async def _streams(database: Database) -> None:
    await add_stream(database)
    await add_stream(database, "other")


async def test_moments_come_newest_first_within_bounds_and_type(database: Database) -> None:
    first = await add_moment(database, NOW)
    second = await add_moment(database, NOW + MINUTE, moment_type="viewer_spike")
    third = await add_moment(database, NOW + 2 * MINUTE)
    await add_moment(database, NOW, "other")

    async def ids(**options: object) -> list[object]:
        rows = await list_moments(database, "default", "s", **{"limit": 10} | options)  # type: ignore[arg-type]
        return [row.moment_id for row in rows]

    assert await ids() == [third, second, first]
    assert await ids(limit=1) == [third]
    assert await ids(moment_type="chat_spike") == [third, first]
    assert await ids(start=NOW + MINUTE) == [third, second]
    assert await ids(end=NOW + MINUTE) == [second, first]
    assert await list_moments(database, "default", "unknown", limit=10) == []


async def test_a_moment_comes_back_as_it_was_stored(database: Database) -> None:
    evidence = {"baseline": {"median": 3.5}, "window": [1, 2, 3], "top_messages": [["hi", 4]]}
    identity = await add_moment(
        database,
        NOW + 7,
        version=3,
        emitted_offset=42,
        ended_at=to_datetime(NOW + MINUTE),
        threshold=5.5,
        z_score=-4.25,
        metadata=evidence,
    )
    (moment,) = await list_moments(database, "default", "s", limit=10)
    assert (moment.moment_id, moment.version, moment.emitted_offset) == (identity, 3, 42)
    assert (moment.timestamp, moment.ended_at) == (NOW + 7, NOW + MINUTE)
    assert (moment.threshold, moment.z_score, moment.metadata) == (5.5, -4.25, evidence)


async def test_resume_gets_what_was_emitted_after_its_offset_in_that_order(database: Database) -> None:
    for offset, onset in ((10, NOW), (20, NOW - MINUTE), (30, NOW - 2 * MINUTE)):
        await add_moment(database, onset, emitted_offset=offset, emitted_at=to_datetime(NOW + offset))
    await add_moment(database, NOW, "other", emitted_offset=25)

    async def offsets(offset: int, since: int) -> list[int | None]:
        return [row.emitted_offset for row in await moments_after(database, "default", "s", offset, since=since)]

    assert await offsets(10, NOW) == [20, 30]
    assert await offsets(0, NOW + 20) == [20, 30]
    assert await offsets(30, NOW) == []


async def test_a_new_owner_finds_the_latest_moments_of_all_streams(database: Database) -> None:
    await add_moment(database, NOW, emitted_offset=1, emitted_at=to_datetime(NOW - 1))
    await add_moment(database, NOW, emitted_offset=3, emitted_at=to_datetime(NOW + 1))
    await add_moment(database, NOW, "other", emitted_offset=2, emitted_at=to_datetime(NOW))
    assert [row.emitted_offset for row in await moments_since(database, NOW)] == [2, 3]


async def test_the_newest_moments_of_many_streams(database: Database) -> None:
    ids = [await add_moment(database, NOW + number * MINUTE) for number in range(7)]
    theirs = await add_moment(database, NOW, "other")
    keys = [("default", "s"), ("default", "other"), ("default", "unknown"), ("else", "s")]
    recent = await recent_moments(database, keys)
    assert [row.moment_id for row in recent["default", "s"]] == ids[:1:-1]
    assert [row.moment_id for row in recent["default", "other"]] == [theirs]
    assert recent["default", "unknown"] == recent["else", "s"] == []
    assert await recent_moments(database, []) == {}
