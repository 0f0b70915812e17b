"""The archive: pages of events, partitions made ahead and dropped whole."""

from __future__ import annotations

import asyncio
import json
from datetime import date

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.archive import days_ahead, days_of, drop_partitions, ensure_partitions
from telemetra.store.database import Database
from telemetra.store.events import EventPosition, list_events
from tests.support.rows import NOW, add_event

DAY = 24 * 60 * MINUTE
TODAY = to_datetime(NOW).date()


async def test_pages_neither_repeat_nor_skip_events_of_the_same_time(database: Database) -> None:
    await ensure_partitions(database, days_ahead(NOW))
    for offset in range(10):
        await add_event(database, offset, NOW - offset // 5 * MINUTE)
    seen: list[int] = []
    before = None
    while page := await list_events(database, "default", "s", limit=3, before=before):
        seen += [event.log_offset for event in page]
        before = page[-1].position
    assert seen == [4, 3, 2, 1, 0, 9, 8, 7, 6, 5]


async def test_events_before_a_time_and_of_a_type(database: Database) -> None:
    await ensure_partitions(database, {TODAY})
    await add_event(database, 1, NOW)
    await add_event(database, 2, NOW + 1, type="viewer.count")
    await add_event(database, 3, NOW + 2, workspace_id="other")

    async def offsets(**options: object) -> list[int]:
        events = await list_events(database, "default", "s", **{"limit": 10} | options)  # type: ignore[arg-type]
        return [event.log_offset for event in events]

    assert await offsets() == [2, 1]
    assert await offsets(before=EventPosition(NOW + 1)) == [1]
    assert await offsets(before=EventPosition(NOW)) == []
    assert await offsets(event_type="viewer.count") == [2]


async def test_an_event_comes_back_as_it_was_archived(database: Database) -> None:
    await ensure_partitions(database, {TODAY})
    data = {"message": "héllo \U0001f600", "amount": 1.10}
    await add_event(
        database, 5, NOW - 3, received_at=NOW + 9, data=data, disposition="late", correlation_id="c", session_id="x"
    )
    (event,) = await list_events(database, "default", "s", limit=10)
    assert (event.event_id, event.source, event.disposition) == ("e5", "api", "late")
    assert (event.timestamp, event.received_at) == (NOW - 3, NOW + 9)
    assert (event.correlation_id, event.session_id, event.connector_id) == ("c", "x", None)
    assert json.loads(event.data) == data


async def test_partitions_are_made_once_whoever_asks(database: Database) -> None:
    days = days_ahead(NOW)
    assert len(days) == 4
    made = await asyncio.gather(*(ensure_partitions(database, days) for _ in range(4)))
    assert sorted(days) in made
    assert await ensure_partitions(database, days) == []
    for day in range(4):
        await add_event(database, day, NOW, received_at=NOW + day * DAY)


async def test_a_day_is_that_of_utc_from_midnight_to_midnight(database: Database) -> None:
    midnight = NOW - NOW % DAY
    assert days_of([midnight - 1, midnight, midnight + DAY - 1]) == {date(2030, 3, 16), date(2030, 3, 17)}
    assert days_of([0]) == {date(1970, 1, 1)}
    await ensure_partitions(database, days_of([midnight]))
    await add_event(database, 1, NOW, received_at=midnight)
    await add_event(database, 2, NOW, received_at=midnight + DAY - 1)


async def test_old_days_go_whole(database: Database) -> None:
    midnight = NOW - NOW % DAY
    await ensure_partitions(database, days_of([midnight - 2 * DAY, midnight - DAY, midnight]))
    for offset in range(3):
        await add_event(database, offset, NOW, received_at=midnight - offset * DAY)

    assert await drop_partitions(database, midnight - DAY - 1) == []
    assert await drop_partitions(database, midnight - 1) == sorted(days_of([midnight - 2 * DAY]))
    assert await drop_partitions(database, midnight) == sorted(days_of([midnight - DAY]))
    assert [event.log_offset for event in await list_events(database, "default", "s", limit=10)] == [0]


async def test_tables_that_are_no_days_are_left_alone(database: Database) -> None:
    await database.execute("CREATE TABLE events_rest PARTITION OF events DEFAULT")
    await ensure_partitions(database, {TODAY})
    assert await drop_partitions(database, NOW + 10 * DAY) == [TODAY]
    await add_event(database, 1, NOW)
