"""Questions about streams: liveness at reading time, order, filters, the age of a viewer count."""

from __future__ import annotations

import pytest

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE, SECOND
from telemetra.store.database import Database
from telemetra.store.streams import get_stream, list_streams
from tests.support.rows import NOW, add_state, add_stream

LIVE_AFTER = NOW - 10 * MINUTE


async def ids(database: Database, **options: object) -> list[str]:
    arguments = {"live_after": LIVE_AFTER, "limit": 100} | options
    return [row.stream_id for row in await list_streams(database, "default", **arguments)]  # type: ignore[arg-type]


async def test_live_streams_come_first_then_the_newest_start(database: Database) -> None:
    started = {"old": 5, "new": 1, "ended": 0, "silent": 0, "unstarted": None}
    for name, minutes in started.items():
        await add_stream(
            database,
            name,
            at=LIVE_AFTER if name == "silent" else NOW,
            is_live=name != "ended",
            started_at=None if minutes is None else to_datetime(NOW - minutes * MINUTE),
        )
    assert await ids(database) == ["new", "old", "unstarted", "ended", "silent"]
    assert await ids(database, live=True) == ["new", "old", "unstarted"]
    assert await ids(database, live=False) == ["ended", "silent"]
    assert await ids(database, limit=2, offset=1) == ["old", "unstarted"]


async def test_streams_are_chosen_by_kind_and_workspace(database: Database) -> None:
    await add_stream(database, "mine")
    await add_stream(database, "theirs", workspace_id="other")
    await add_stream(database, "btc", kind="market")
    assert await ids(database) == ["btc", "mine"]
    assert await ids(database, kind="market") == ["btc"]
    assert await get_stream(database, "default", "theirs", live_after=LIVE_AFTER) is None


async def test_a_stream_says_all_it_knows_in_microseconds(database: Database) -> None:
    await add_stream(
        database,
        "s",
        at=NOW + 1,
        streamer_name="Someone",
        title="A title",
        game_category="Chess",
        started_at=to_datetime(NOW - MINUTE + 3),
        ended_at=to_datetime(NOW),
        is_live=False,
    )
    stream = await get_stream(database, "default", "s", live_after=LIVE_AFTER)
    assert stream is not None
    assert (stream.stream_id, stream.kind, stream.streamer_name) == ("s", "broadcast", "Someone")
    assert (stream.title, stream.game_category, stream.viewer_count) == ("A title", "Chess", None)
    assert (stream.started_at, stream.ended_at, stream.last_event_at) == (NOW - MINUTE + 3, NOW, NOW + 1)
    assert not stream.is_live


async def test_an_unknown_stream_is_none(database: Database) -> None:
    assert await get_stream(database, "default", "nobody", live_after=0) is None


@pytest.mark.parametrize(("age", "shown"), [(0, 7), (10 * MINUTE - 1, 7), (10 * MINUTE, None)])
async def test_a_viewer_count_is_shown_for_ten_minutes_of_stream_time(
    database: Database, age: int, shown: int | None
) -> None:
    """Of stream time: the stream may be a recording that is years old."""
    years_ago = NOW - 3_000_000 * SECOND
    await add_stream(database, viewer_count=7, viewer_count_at=to_datetime(years_ago - age))
    await add_state(database, watermark=years_ago, final_until=years_ago)
    stream = await get_stream(database, "default", "s", live_after=LIVE_AFTER)
    assert stream is not None
    assert stream.viewer_count == shown
