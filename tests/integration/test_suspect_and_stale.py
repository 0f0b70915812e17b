"""Minutes over a gap are suspect until it is filled; streams whose connectors are silent or away are stale."""

from __future__ import annotations

from typing import Any

import pytest

from telemetra.cache.memory import MemoryCache
from telemetra.kinds.registry import load_registry
from telemetra.live.feed_board import FeedBoard
from telemetra.model.window import MINUTE, SECOND
from telemetra.monitor import Monitor
from telemetra.observability import Metrics
from telemetra.operations.connector_fields import read_config
from telemetra.store import gaps
from telemetra.store.connector_status import ConnectorStatus, Lease, claim, remember_streams, report
from telemetra.store.connectors import create_connector
from telemetra.store.database import Database
from telemetra.store.metrics import list_minutes
from telemetra.store.overview import newest_minutes
from tests.support.api import api_client
from tests.support.connector_bench import SEALER
from tests.support.rows import NOW, add_minute, add_stream

KIND = load_registry("USD").kinds["broadcast"]
KEY = ("default", "s")


async def connector_of(database: Database, stream_id: str = "s") -> Lease:
    """A running, healthy connector that feeds the stream."""
    config = read_config({"name": "c", "api_url": "wss://example.org"})
    made = await create_connector(database, SEALER, "default", config, desired_state="running")
    lease = await claim(database, made.connector_id, "owner", 60)
    assert lease is not None
    await remember_streams(database, "default", made.connector_id, {stream_id: "BTC-USDT"})
    await say(database, lease)
    return lease


async def say(database: Database, lease: Lease, **fields: Any) -> None:
    status = ConnectorStatus(connector_id=lease.connector_id, **{"status": "running"} | fields)
    await report(database, [(lease, status)])


async def suspects(database: Database) -> list[int]:
    rows = await list_minutes(database, KIND, "default", "s", limit=10)
    return sorted((row.window_start - NOW) // MINUTE for row in rows if row.suspect)


async def test_minutes_over_a_gap_are_suspect_until_it_is_filled(database: Database) -> None:
    await add_stream(database)
    for number in range(5):
        await add_minute(database, NOW + number * MINUTE)
    lease = await connector_of(database)
    assert await suspects(database) == []
    gap = await gaps.open_gap(
        database,
        workspace_id="default",
        connector_id=lease.connector_id,
        start=NOW + MINUTE + 30 * SECOND,
        reason="disconnected",
    )
    assert await suspects(database) == [1, 2, 3, 4]
    line = await newest_minutes(database, KIND, "default", ["s"], minutes=5)
    assert line["s"].newest.suspect
    await gaps.close_gap(database, gap.id, NOW + 2 * MINUTE)
    assert await suspects(database) == [1, 2]
    line = await newest_minutes(database, KIND, "default", ["s"], minutes=5)
    assert not line["s"].newest.suspect
    await gaps.fill_gap(database, gap.id)
    assert await suspects(database) == []


async def test_a_gap_of_another_stream_is_nothing_to_this_one(database: Database) -> None:
    await add_stream(database)
    await add_minute(database, NOW)
    lease = await connector_of(database)
    other = {"workspace_id": "default", "start": NOW, "reason": "missing_numbers", "connector_id": lease.connector_id}
    await gaps.open_gap(database, stream_id="other", **other)  # type: ignore[arg-type]
    assert await suspects(database) == []
    await gaps.open_gap(database, stream_id="s", **other)  # type: ignore[arg-type]
    assert await suspects(database) == [0]


async def state(database: Database, age_seconds: float = 1) -> str:
    async with api_client(database, clock=lambda: NOW + round(age_seconds * SECOND)) as client:
        answer = await client.get("/api/v1/streams/s")
        listed = await client.get("/api/v1/streams")
    assert answer.json()["state"] == listed.json()[0]["state"]
    return str(answer.json()["state"])


async def test_the_state_of_a_stream_follows_its_connector(database: Database) -> None:
    await add_stream(database)
    assert await state(database) == "live"
    assert await state(database, 31) == "stale"
    lease = await connector_of(database)
    assert await state(database, 31) == "live"  # the connector knows that its source may be as quiet
    await say(database, lease, stale=True)
    assert await state(database) == "stale"
    await say(database, lease, status="reconnecting")
    assert await state(database) == "stale"
    await say(database, lease)
    gap = await gaps.open_gap(
        database, workspace_id="default", connector_id=lease.connector_id, start=NOW, reason="disconnected"
    )
    assert await state(database) == "stale"
    await gaps.close_gap(database, gap.id, NOW + 1)
    assert await state(database) == "live"
    second = await connector_of(database)
    await say(database, lease, stale=True)
    assert await state(database) == "live"  # the other one still feeds it
    await say(database, second, stale=True)
    assert await state(database) == "stale"
    await database.execute("UPDATE connector_status SET stale = false, lease_expires_at = now() - interval '1 s'")
    assert await state(database) == "stale"
    await database.execute("UPDATE api_connectors SET desired_state = 'stopped'")
    assert await state(database) == "live"
    assert await state(database, 31) == "stale"


async def test_the_live_push_knows_it_from_the_tables(database: Database) -> None:
    board = FeedBoard(30)
    monitor = Monitor(
        database, lambda: "standby", MemoryCache(10, hears_invalidations=lambda: True), lambda: NOW, Metrics(), board
    )
    await monitor.look()
    assert (board.stale(KEY, 10 * SECOND), board.stale(KEY, 31 * SECOND)) == (False, True)
    lease = await connector_of(database)
    await say(database, lease, stale=True)
    gap = await gaps.open_gap(
        database, workspace_id="default", connector_id=lease.connector_id, start=NOW, reason="disconnected"
    )
    await monitor.look()
    assert board.stale(KEY, 0)
    assert board.suspect(KEY, NOW - MINUTE, NOW + 1)
    assert not board.suspect(KEY, NOW - MINUTE, NOW)
    await gaps.close_gap(database, gap.id, NOW + SECOND)
    await say(database, lease)
    await monitor.look()
    assert not board.stale(KEY, 60 * SECOND)
    assert board.suspect(KEY, NOW + SECOND, NOW + MINUTE)
    assert not board.suspect(KEY, NOW + SECOND + 1, NOW + MINUTE)
    await gaps.fill_gap(database, gap.id)
    await monitor.look()
    assert not board.suspect(KEY, NOW, NOW + MINUTE)


@pytest.mark.parametrize("key", [("other", "s"), ("default", "t")])
def test_a_board_tells_streams_and_workspaces_apart(key: tuple[str, str]) -> None:
    board = FeedBoard(30)
    board.update({KEY: True}, {KEY: [(NOW, None)]})
    assert board.suspect(KEY, NOW, NOW + 1)
    assert not board.suspect(key, NOW, NOW + 1)
    assert not board.stale(key, 0)
