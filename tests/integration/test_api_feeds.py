"""Messages that browsers save, pages of WebSocket messages, the database's state, the test of the live push."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from telemetra.api.app import create_app
from telemetra.live.channel import QueueChannel
from telemetra.live.realtime import Filter
from telemetra.operations.services import Services
from telemetra.store.database import Database
from tests.support.api import client_of, make_services
from tests.support.pipeline import DrivenPipeline

MESSAGE: dict[str, Any] = {
    "exchange": "Kraken",
    "instrument": "BTCUSD",
    "price": "64000.10",
    "message_type": "trade",
    "timestamp": "2026-01-31T12:00:00Z",
    "source_id": "t1",
    "session_id": "tab-1",
    "data": {"p": 64000.1, "big": 12345678901234567890123},
}


@pytest.fixture
def services(database: Database) -> Services:
    return make_services(database)


@pytest.fixture
async def client(services: Services) -> Any:
    async with client_of(create_app(services)) as client:
        yield client


async def test_what_a_browser_saves_is_counted_stored_and_shown(client: httpx.AsyncClient, database: Database) -> None:
    saved = {"accepted": 1, "duplicate": 0, "rejected": []}
    assert (await client.post("/api/websocket/save", json=MESSAGE)).json() == saved
    assert (await client.post("/api/websocket/save", json=MESSAGE)).json() == saved | {"accepted": 0, "duplicate": 1}
    driven = DrivenPipeline(database)
    await driven.catch_up()
    assert await driven.ledger() == {"received": 2, "counted": 1, "duplicate": 1}
    page = (await client.get("/api/websocket/data?exchange=kraken&instrument=BTC-USD")).json()
    assert (page["total"], page["has_more"]) == (1, False)
    row = page["data"][0]
    del row["id"], row["db_timestamp"]
    assert row == {
        "timestamp": "2026-01-31T12:00:00Z",
        "exchange": "kraken",
        "instrument": "BTC-USD",
        "price": "64000.10",
        "data": MESSAGE["data"],
        "message_type": "trade",
        "source_id": "t1",
        "session_id": "ws-browser-tab-1",
        "connector_id": None,
        "stream_id": "kraken:BTC-USD@trade",
    }
    published = [event for publication in driven.relay.publications for event in publication.events]
    assert [event.event_id for _, event in published] == ["t1"]


async def test_a_batch_its_filters_and_counts(client: httpx.AsyncClient, database: Database) -> None:
    batch = [
        {"exchange": exchange, "instrument": instrument, "data": [n], "price": 0.1}
        for n, (exchange, instrument) in enumerate([("a", "X-Y"), ("a", "Z-Y"), ("b", "X-Y")])
    ]
    answer = await client.post("/api/websocket/save-batch", json={"messages": batch, "session_id": "s"})
    assert answer.json() == {"accepted": 3, "duplicate": 0, "rejected": []}
    await DrivenPipeline(database).catch_up()
    for query, count in (("", 3), ("?exchange=a", 2), ("?instrument=X-Y", 2), ("?exchange=b&instrument=Z-Y", 0)):
        assert (await client.get(f"/api/websocket/data/count{query}")).json() == {"count": count, "is_exact": True}
        assert (await client.get(f"/api/websocket/data{query}")).json()["total"] == count
    page = (await client.get("/api/websocket/data?limit=2")).json()
    assert (len(page["data"]), page["has_more"]) == (2, True)
    assert (await client.get("/api/websocket/data?limit=999999")).json()["limit"] == 100_000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"exchange": ""}, "exchange"),
        ({"exchange": None}, "exchange"),
        ({"price": "much"}, "messages[0].price"),
        ({"price": -1}, "messages[0].price"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"colour": 1}, None),
    ],
)
async def test_wrong_messages_are_refused(client: httpx.AsyncClient, change: dict[str, Any], field: str | None) -> None:
    answer = await client.post("/api/websocket/save", json=MESSAGE | change)
    assert answer.status_code == 422
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


async def test_a_message_that_intake_refuses_says_why(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/websocket/save", json=MESSAGE | {"timestamp": "2099-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["error_code"]) == (422, "timestamp_in_future")
    batch = {"messages": [MESSAGE, MESSAGE | {"timestamp": "2099-01-01T00:00:00Z"}]}
    answer = await client.post("/api/websocket/save-batch", json=batch)
    assert [each["code"] for each in answer.json()["rejected"]] == ["timestamp_in_future"]


async def test_messages_without_an_id_of_their_own(client: httpx.AsyncClient, services: Services) -> None:
    timed = {name: value for name, value in MESSAGE.items() if name != "source_id"}
    for body, duplicate in ((timed, 0), (timed, 1), (timed | {"timestamp": None}, 0), (timed | {"timestamp": None}, 0)):
        answer = await client.post("/api/websocket/save", json=body)
        assert answer.json()["duplicate"] == duplicate


async def test_the_database(client: httpx.AsyncClient) -> None:
    status = (await client.get("/api/postgres/status")).json()
    assert (status["status"], status["size_bytes"] > 0, status["latency_ms"] > 0) == ("connected", True, True)


async def test_the_live_push_is_tried_out(client: httpx.AsyncClient, services: Services) -> None:
    assert (await client.post("/api/realtime/test")).json() == {"status": "sent", "clients": 0}
    channel = QueueChannel()
    services.realtime.connect(Filter("default", exchange="nobody"), channel)
    assert (await client.post("/api/realtime/test")).json() == {"status": "sent", "clients": 1}
    _, sent = [json.loads(frame.payload) for frame in await channel.take()]
    assert (sent["type"], sent["message_type"], sent["id"]) == ("data_update", "test", None)
