"""The tables of connectors: declarations, leases, reports, gaps, and the seeds' views over the archive."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from telemetra.errors import NotFound
from telemetra.model.connector import Connector
from telemetra.operations.connector_fields import read_config
from telemetra.store import connector_status as status
from telemetra.store import connectors as store
from telemetra.store import gaps
from telemetra.store.database import Database

SECOND = 1_000_000
NOW = 1_700_000_000 * SECOND
FIELDS: dict[str, Any] = {
    "name": "trades",
    "api_url": "wss://example.org/ws",
    "headers": {"X-Key": "hush"},
    "credentials": {"api_key": "hush"},
    "subscribe_messages": [{"op": "subscribe"}, "text"],
    "ping": {"text": "ping", "interval": 20},
    "backfill": {"api_url": "https://example.org/trades", "query_params": {"since": "{from}"}},
    "mapping": {"stream": "{exchange}:{instrument}"},
    "stale_after": 12.5,
}


class Reversed:
    """Seals by turning text round: enough to see that what is stored is not what was given, and bound to its place."""

    def seal(self, value: Any, *, connector_id: str, field: str) -> bytes:
        return json.dumps([connector_id, field, json.dumps(value)[::-1]]).encode()

    def open(self, sealed: bytes, *, connector_id: str, field: str) -> Any:
        owner, name, text = json.loads(sealed)
        assert (owner, name) == (connector_id, field)
        return json.loads(text[::-1])


SEALER = Reversed()


async def make(database: Database, **fields: Any) -> Connector:
    return await store.create_connector(database, SEALER, "default", read_config(FIELDS | fields))


async def test_a_declaration_comes_back_as_it_was_given_and_its_secrets_are_sealed(database: Database) -> None:
    config = read_config(FIELDS)
    made = await store.create_connector(database, SEALER, "default", config)
    read = await store.get_connector(database, SEALER, "default", made.connector_id)
    assert read.config == config == made.config
    assert (read.status, read.desired_state, read.revision) == ("inactive", "stopped", 1)
    assert made.connector_id.startswith("conn_")
    assert len(made.connector_id) == 17
    row = await database.fetch_one("SELECT api_connectors::text AS text FROM api_connectors")
    assert row is not None
    assert "hush" not in row["text"]
    assert await store.list_connectors(database, SEALER, "default") == [read]
    assert await store.list_connectors(database, SEALER, "other") == []


async def test_a_change_raises_the_revision_and_other_workspaces_see_nothing(database: Database) -> None:
    made = await make(database)
    changed = await store.update_connector(
        database, SEALER, "default", made.connector_id, msgspec.structs.replace(made.config, name="renamed")
    )
    assert (changed.config.name, changed.config.credentials, changed.revision) == ("renamed", {"api_key": "hush"}, 2)
    with pytest.raises(NotFound):
        await store.get_connector(database, SEALER, "other", made.connector_id)
    assert not await store.delete_connector(database, "other", made.connector_id)
    assert await store.delete_connector(database, "default", made.connector_id)
    assert not await store.delete_connector(database, "default", made.connector_id)
    assert await status.get_status(database, "default", made.connector_id) is None


async def test_a_lease_has_one_owner_until_it_ends(database: Database) -> None:
    made = await make(database)
    await store.set_desired_state(database, SEALER, "default", made.connector_id, "running")
    (wanted,) = await status.wanted_connectors(database, "a")
    assert (wanted.free, wanted.mine) == (True, False)
    lease = await status.claim(database, made.connector_id, "a", 30)
    assert lease is not None
    assert await status.claim(database, made.connector_id, "b", 30) is None
    assert await status.claim(database, made.connector_id, "a", 30) is None
    assert await status.renew(database, [lease], "a", 0.0) == {made.connector_id}  # ends at once
    second = await status.claim(database, made.connector_id, "b", 30)
    assert second is not None
    assert await status.renew(database, [lease], "a", 30) == set()
    await status.release(database, lease)  # of no effect: it is not ours any more
    assert await status.renew(database, [second], "b", 30) == {made.connector_id}
    await status.release(database, second)
    assert await status.claim(database, made.connector_id, "a", 30) is not None


async def test_only_the_owner_reports(database: Database) -> None:
    made = await make(database)
    lease = await status.claim(database, made.connector_id, "a", 30)
    assert lease is not None
    said = status.ConnectorStatus(
        connector_id=made.connector_id,
        status="running",
        session_id="ws-1",
        last_message_at=NOW + 1,
        message_count=7,
        error_log=[{"error": "x"}],
        performance_metrics={"messages_per_second": 1.5},
    )
    await status.report(database, [(lease, said)])
    late = status.Lease(made.connector_id, lease.epoch - 1)
    await status.report(database, [(late, status.ConnectorStatus(connector_id=made.connector_id, status="error"))])
    read = await status.get_status(database, "default", made.connector_id)
    assert read is not None
    assert (read.status, read.owner, read.last_message_at, read.message_count) == ("running", "a", NOW + 1, 7)
    assert (read.error_log, read.performance_metrics) == ([{"error": "x"}], {"messages_per_second": 1.5})
    assert (await store.get_connector(database, SEALER, "default", made.connector_id)).status == "running"
    assert (await status.list_statuses(database, "default")).keys() == {made.connector_id}


async def test_a_gap_is_opened_closed_and_filled_and_found_by_its_streams(database: Database) -> None:
    made = await make(database)
    await status.remember_streams(
        database, "default", made.connector_id, dict.fromkeys(["okx:BTC-USDT", "okx:ETH-USDT"], "x")
    )
    await status.remember_streams(database, "default", made.connector_id, {"okx:BTC-USDT": "BTC-USDT"})
    assert await status.streams_of(database, made.connector_id) == ["okx:BTC-USDT", "okx:ETH-USDT"]
    opened = await gaps.open_gap(
        database, workspace_id="default", connector_id=made.connector_id, start=NOW, reason="disconnected"
    )
    assert (await gaps.still_open(database, made.connector_id)) == opened
    assert await gaps.gaps_between(database, "default", "okx:BTC-USDT", NOW + SECOND) == [opened]
    assert await gaps.gaps_between(database, "default", "okx:BTC-USDT", None, NOW - 1) == []
    assert await gaps.gaps_between(database, "default", "other", NOW) == []
    closed = await gaps.close_gap(database, opened.id, NOW + 5 * SECOND)
    assert closed is not None
    assert closed.end == NOW + 5 * SECOND
    assert await gaps.gaps_between(database, "default", "okx:ETH-USDT", NOW + 6 * SECOND) == []
    assert await gaps.gaps_between(database, "default", "okx:ETH-USDT") == [closed]
    assert await gaps.fill_gap(database, opened.id)
    assert not await gaps.fill_gap(database, opened.id)
    assert await gaps.gaps_between(database, "default", "okx:ETH-USDT") == []
    assert len(await gaps.gaps_between(database, "default", "okx:ETH-USDT", filled=True)) == 1


async def test_a_gap_of_one_stream_is_not_that_of_another(database: Database) -> None:
    made = await make(database)
    await status.remember_streams(database, "default", made.connector_id, {"a": "a", "b": "b"})
    await gaps.open_gap(
        database,
        workspace_id="default",
        connector_id=made.connector_id,
        stream_id="a",
        start=NOW,
        end=NOW - SECOND,
        reason="sequence",
        missing=3,
    )
    (found,) = await gaps.gaps_between(database, "default", "a")
    assert found.missing == 3
    assert await gaps.gaps_between(database, "default", "b") == []


@pytest.mark.parametrize(
    ("price", "shown"),
    [('"1.50"', "1.50"), ("1.5", "1.5"), ('"x"', None), ("null", None), ('"1e9999"', None), ("[1]", None)],
)
async def test_the_views_never_fail_on_a_price(database: Database, price: str, shown: str | None) -> None:
    await database.execute("CREATE TABLE events_all PARTITION OF events DEFAULT")
    await database.execute(
        "INSERT INTO events VALUES ('default', 's', 0, 7, 'counted', 'e', 'connector.message', now(), now(), 'okx', "
        "'conn_1', 'ws-1', NULL, %s::jsonb)",
        (f'{{"price": {price}, "instrument": "BTC-USDT", "message_type": "trades", "raw": {{"px": 1}}}}',),
    )
    (message,) = await database.fetch_all("SELECT * FROM websocket_messages")
    assert (message["price"] and str(message["price"])) == shown
    assert (message["id"], message["exchange"], message["instrument"]) == (7, "okx", "BTC-USDT")
    assert (message["message_type"], message["source_id"], message["data"]) == ("trades", "e", {"px": 1})
    (data,) = await database.fetch_all("SELECT * FROM api_connector_data")
    assert data["raw_response"] == {"px": 1}
    assert "raw" not in data["data"]
