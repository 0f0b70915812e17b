"""Streams, minutes, moments and raw events over HTTP, from rows in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta, timezone
from typing import Any

import httpx
import msgspec
import pytest

from telemetra.model.times import rfc3339, to_datetime
from telemetra.model.window import MINUTE, SECOND, Band
from telemetra.operations.models import Moment, StoredEvent, Stream, StreamMetrics
from telemetra.store.bands import band_columns
from telemetra.store.database import Database
from tests.support.api import api_client
from tests.support.rows import NOW, add_event, add_minute, add_moment, add_state, add_stream

ROOT = "/api/v1/streams"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database, clock=lambda: NOW) as client:
        yield client


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    response = await client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


def ago(seconds: float) -> int:
    return NOW - round(seconds * SECOND)


async def test_streams_say_whether_they_are_live(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database, "speaks", at=ago(5), started_at=to_datetime(ago(3600)))
    await add_stream(database, "silent", at=ago(31), started_at=to_datetime(ago(60)))
    await add_stream(database, "timed_out", at=ago(601), started_at=to_datetime(ago(30)))
    await add_stream(database, "said_bye", at=ago(5), is_live=False, ended_at=to_datetime(ago(5)))
    streams = {stream["stream_id"]: stream for stream in await get(client, ROOT)}
    assert {name: (stream["state"], stream["is_live"]) for name, stream in streams.items()} == {
        "speaks": ("live", True),
        "silent": ("stale", True),
        "timed_out": ("ended", False),
        "said_bye": ("ended", False),
    }
    assert list(streams)[:2] == ["silent", "speaks"], "live first, then the newest start"
    assert streams["said_bye"]["ended_at"] == rfc3339(ago(5))


async def test_streams_by_page_kind_and_liveness(client: httpx.AsyncClient, database: Database) -> None:
    for n in range(5):
        await add_stream(database, f"s{n}", started_at=to_datetime(ago(n)), is_live=n < 3)
    await add_stream(database, "elsewhere", workspace_id="other")
    ids = [stream["stream_id"] for stream in await get(client, ROOT)]
    assert ids == ["s0", "s1", "s2", "s3", "s4"]
    assert [s["stream_id"] for s in await get(client, ROOT, limit=2, offset=3)] == ids[3:]
    assert [s["stream_id"] for s in await get(client, ROOT, live="true")] == ids[:3]
    assert [s["stream_id"] for s in await get(client, ROOT, live="false")] == ids[3:]
    assert await get(client, ROOT, kind="market") == []
    assert await get(client, ROOT, offset=10**30) == []


async def test_one_stream(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(
        database, "a:b#c@d", title="hi", game_category="chess", viewer_count=7, viewer_count_at=to_datetime(NOW)
    )
    stream = await get(client, f"{ROOT}/a:b%23c@d")
    assert msgspec.convert(stream, Stream).stream_id == "a:b#c@d"
    assert (stream["title"], stream["game_category"], stream["viewer_count"]) == ("hi", "chess", 7)
    assert (await client.get(f"{ROOT}/other")).status_code == 404


async def test_metrics_are_minutes_newest_first(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    for n in range(3):
        await add_minute(
            database,
            NOW + n * MINUTE,
            chat_count=90,
            chat_rate=1.5,
            unique_chatters=n,
            viewer_count=10 + n,
            viewers_known=True,
            top_emotes=[["PogChamp", 12], ["Kappa", 3]],
            avg_sentiment=0.25,
            revenue="14.990",
            revenue_by_currency={"USD": "14.990"},
            z_score=-4.5,
            is_anomaly=True,
            **band_columns(None if n == 0 else Band(120.0, 20.5, 250.0)),
        )
    await add_state(database, watermark=NOW + 3 * MINUTE, final_until=NOW + 2 * MINUTE)
    rows = await get(client, f"{ROOT}/s/metrics")
    assert [row["timestamp"] for row in rows] == [rfc3339(NOW + n * MINUTE) for n in (3, 2, 1)]
    assert [row["final"] for row in rows] == [False, True, True]
    newest = rows[0]
    assert msgspec.convert(newest, StreamMetrics, strict=True).viewer_count == 12
    assert set(newest) == set(StreamMetrics.__struct_fields__), "the document describes exactly what is sent"
    assert (newest["chat_rate"], newest["chat_rate_per_second"]) == (90.0, 1.5)
    assert newest["top_emotes"][0] == {"name": "PogChamp", "count": 12, "emote": "PogChamp"}
    assert isinstance(newest["revenue"], str)
    assert float(newest["revenue"]) == 14.99
    assert (newest["z_score"], newest["is_anomaly"], newest["suspect"]) == (-4.5, True, False)
    assert [row["baseline"] for row in rows] == [{"level": 120.0, "low": 20.5, "high": 250.0}] * 2 + [None]


async def test_metrics_of_a_span(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    for n in range(5):
        await add_minute(database, NOW + n * MINUTE)
    ends = [rfc3339(NOW + n * MINUTE) for n in range(1, 6)]
    span = await get(client, f"{ROOT}/s/metrics", start_time=ends[1], end_time=ends[3])
    assert [row["timestamp"] for row in span] == ends[3:0:-1]
    assert len(await get(client, f"{ROOT}/s/metrics", limit=2)) == 2
    shifted = to_datetime(NOW + 4 * MINUTE).astimezone(timezone(timedelta(hours=2))).isoformat()
    assert len(await get(client, f"{ROOT}/s/metrics", start_time=shifted)) == 2


async def test_metrics_of_a_stream_without_minutes_and_of_none(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    assert await get(client, f"{ROOT}/s/metrics") == []
    missing = await client.get(f"{ROOT}/nobody/metrics")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "not_found")


async def test_moments_with_their_evidence(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    first = await add_moment(database, NOW, metadata={"baseline": 4.0, "series": [1, 2]}, z_score=5.5, threshold=9.0)
    second = await add_moment(
        database, NOW + MINUTE, moment_type="viewer_spike", ended_at=to_datetime(NOW + 2 * MINUTE)
    )
    moments = await get(client, f"{ROOT}/s/moments")
    assert [moment["moment_id"] for moment in moments] == [str(second), str(first)]
    assert all(set(moment) == set(Moment.__struct_fields__) for moment in moments)
    assert msgspec.convert(moments[1], Moment).metadata == {"baseline": 4.0, "series": [1, 2]}
    assert [m["moment_id"] for m in await get(client, f"{ROOT}/s/moments", moment_type="chat_spike")] == [str(first)]
    assert len(await get(client, f"{ROOT}/s/moments", start_time=rfc3339(NOW + 1))) == 1
    assert len(await get(client, f"{ROOT}/s/moments", end_time=rfc3339(NOW))) == 1
    assert await get(client, f"{ROOT}/nobody/moments") == []


async def test_events_page_by_page(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    await database.execute("CREATE TABLE events_rest PARTITION OF events DEFAULT")
    for offset in range(5):
        await add_event(database, offset, NOW, data={"n": offset, "text": "é\u2028"}, type="a" if offset % 2 else "b")
    page = await get(client, f"{ROOT}/s/events", limit=3)
    rest = await get(client, f"{ROOT}/s/events", before=page[-1]["position"])
    assert [event["data"]["n"] for event in page + rest] == [4, 3, 2, 1, 0], "equal times are neither lost nor repeated"
    assert set(page[0]) == set(StoredEvent.__struct_fields__)
    assert (page[0]["disposition"], page[0]["data"]["text"]) == ("counted", "é\u2028")
    assert [event["data"]["n"] for event in await get(client, f"{ROOT}/s/events", type="a")] == [3, 1]
    assert await get(client, f"{ROOT}/s/events", before=rfc3339(NOW)) == []
    assert await get(client, f"{ROOT}/nobody/events") == []


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?limit=ten", "limit"),
        ("?offset=-1", "offset"),
        ("?live=perhaps", "live"),
        ("?kind=%00", "kind"),
        ("/s/metrics?limit=1001", "limit"),
        ("/s/metrics?start_time=2030-01-01T00:00:00", "start_time"),
        ("/s/metrics?start_time=0000-01-01T00:00:00Z", "start_time"),
        ("/s/metrics?end_time=2030-02-30T00:00:00Z", "end_time"),
        ("/s/metrics?start_time=1700000000", "start_time"),
        ("/s/metrics?resolution=2m", "resolution"),
        ("/s/moments?limit=201", "limit"),
        ("/s/moments?moment_type=", "moment_type"),
        ("/s/events?limit=1001", "limit"),
        ("/s/events?before=2030-01-01T00:00:00Z,1", "before"),
        ("/s/events?before=2030-01-01T00:00:00Z,0,99999999999999999999", "before"),
        ("/%00/metrics", "stream_id"),
        ("/a%20b/moments", "stream_id"),
        ("/%F0%9F%98%80", "stream_id"),
        ("/%ED%A0%80/events", "stream_id"),
        ("/" + "x" * 201, "stream_id"),
    ],
)
async def test_what_is_not_allowed_names_the_parameter(client: httpx.AsyncClient, path: str, field: str) -> None:
    response = await client.get(ROOT + path)
    problem = response.json()
    assert (response.status_code, problem["error_code"]) == (422, "validation_failed")
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_times_that_no_event_can_have_are_no_error(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    await add_minute(database, NOW)
    everything = {"start_time": "0001-01-01T00:00:00+23:59", "end_time": "9999-12-31T23:59:59-23:59"}
    assert len(await get(client, f"{ROOT}/s/metrics", **everything)) == 1
    assert await get(client, f"{ROOT}/s/moments", **everything) == []
    assert await get(client, f"{ROOT}/s/events", before=everything["start_time"]) == []


@pytest.mark.parametrize("resolution", ["1h", "1d"])
async def test_rollups_are_not_there_yet(client: httpx.AsyncClient, resolution: str) -> None:
    response = await client.get(f"{ROOT}/s/metrics", params={"resolution": resolution})
    assert (response.status_code, response.json()["error_code"]) == (422, "not_yet")
