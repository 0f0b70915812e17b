"""Stored minutes, read by the declaration of their kind."""

from __future__ import annotations

from decimal import Decimal

from telemetra.kinds.registry import load_registry
from telemetra.model.window import MINUTE, Band
from telemetra.store.bands import band_columns
from telemetra.store.database import Database
from telemetra.store.metrics import StoredMinute, list_minutes
from tests.support.rows import NOW, add_minute, add_state, add_stream

KIND = load_registry("USD").kinds["broadcast"]


async def starts(database: Database, **options: int) -> list[int]:
    rows = await list_minutes(database, KIND, "default", "s", **{"limit": 10} | options)
    return [(row.window_start - NOW) // MINUTE for row in rows]


async def test_minutes_come_newest_first_with_every_column_of_the_kind(database: Database) -> None:
    await add_stream(database)
    await add_minute(database, NOW - MINUTE)
    emotes = [{"name": "Kappa", "count": 3}]
    band = band_columns(Band(12.5, 0.0, 60.0))
    await add_minute(
        database, NOW, chat_count=5, revenue=Decimal("1.10"), top_emotes=emotes, z_score=-2.5, is_anomaly=True, **band
    )
    newest, older = await list_minutes(database, KIND, "default", "s", limit=10)
    assert (newest.window_start, newest.window_end, older.window_start) == (NOW, NOW + MINUTE, NOW - MINUTE)
    assert set(newest.values) == {column.name for column in KIND.columns}
    assert newest.values["chat_count"] == 5
    assert str(newest.values["revenue"]) == "1.10"
    assert newest.values["top_emotes"] == emotes
    assert newest.values["avg_sentiment"] is None
    assert (newest.z_score, newest.is_anomaly, newest.suspect) == (-2.5, True, False)
    assert (newest.baseline, older.baseline) == (Band(12.5, 0.0, 60.0), None)


async def test_bounds_are_those_of_the_minutes_end_and_inclusive(database: Database) -> None:
    await add_stream(database)
    for number in range(4):
        await add_minute(database, NOW + number * MINUTE)
    assert await starts(database) == [3, 2, 1, 0]
    assert await starts(database, limit=2) == [3, 2]
    assert await starts(database, start=NOW + 2 * MINUTE) == [3, 2, 1]
    assert await starts(database, start=NOW + 2 * MINUTE + 1) == [3, 2]
    assert await starts(database, end=NOW + 2 * MINUTE) == [1, 0]
    assert await starts(database, end=NOW + 2 * MINUTE - 1) == [0]
    assert await starts(database, start=NOW + 2 * MINUTE, end=NOW + 3 * MINUTE) == [2, 1]


async def test_a_minute_is_final_when_the_stream_says_so(database: Database) -> None:
    await add_stream(database)
    await add_minute(database, NOW)
    await add_minute(database, NOW + MINUTE)

    async def finals() -> list[bool]:
        rows: list[StoredMinute] = await list_minutes(database, KIND, "default", "s", limit=10)
        return [row.final for row in rows]

    assert await finals() == [False, False]
    await add_state(database, final_until=NOW + MINUTE)
    assert await finals() == [False, True]


async def test_other_streams_have_their_own(database: Database) -> None:
    await add_stream(database, "a")
    await add_minute(database, NOW, "a")
    assert await list_minutes(database, KIND, "default", "s", limit=10) == []
    assert await list_minutes(database, KIND, "other", "a", limit=10) == []
