"""Intake, ledger and dead letters over HTTP, with the real log and database."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from telemetra.model.event import Event, Rejection, one_by_one
from telemetra.model.times import rfc3339, to_datetime
from telemetra.model.window import MINUTE
from telemetra.operations.connector_models import FeedGap
from telemetra.operations.models import DeadLetter, Ledger, Redriven
from telemetra.operations.services import Services
from telemetra.store.database import Database
from telemetra.store.gaps import fill_gap, open_gap
from tests.support.api import api_client, make_services
from tests.support.rows import NOW, add_stream, insert

EVENT: dict[str, Any] = {
    "event_id": "m1",
    "type": "chat.message",
    "stream_id": "s",
    "data": {"user_id": "u", "message": "hi"},
}


@pytest.fixture
async def services(database: Database) -> Services:
    return make_services(database, clock=lambda: NOW)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database, clock=lambda: NOW) as client:
        yield client


async def add_letter(database: Database, offset: int, raw: bytes, **values: Any) -> uuid.UUID:
    identity = uuid.uuid4()
    defaults = {"disposition": "rejected", "source": "api", "code": "unknown_type", "detail": "type: no such type"}
    await insert(
        database,
        "dead_letters",
        id=identity,
        workspace_id="default",
        partition=0,
        log_offset=offset,
        raw=raw,
        received_at=to_datetime(NOW + offset),
        **defaults | values,
    )
    return identity


async def test_what_is_accepted_is_in_the_log_before_the_answer(client: httpx.AsyncClient, services: Services) -> None:
    bad = EVENT | {"type": "nothing.known"}
    response = await client.post("/api/v1/events", json=[EVENT, bad, EVENT])
    assert response.status_code == 202
    answer = response.json()
    assert (answer["accepted"], answer["duplicate"]) == (1, 1)
    assert [(refused["index"], refused["code"]) for refused in answer["rejected"]] == [(1, "unknown_type")]
    items = list(one_by_one((await services.log.read(0, 10)).items))
    assert [type(item) for item in items] == [Event, Event, Rejection]
    assert items[0].received_at == NOW


async def test_a_single_event_that_is_invalid_is_the_requests_own_fault(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/events", json=EVENT | {"data": {"user_id": "u"}})
    problem = response.json()
    assert (response.status_code, problem["error_code"]) == (422, "missing_field")
    assert problem["errors"][0]["field"] == "data.message"


async def test_the_ledger_closes(client: httpx.AsyncClient, database: Database) -> None:
    for minute, source, counted in ((0, "api", 5), (0, "irc", 7), (1, "api", 11)):
        await insert(
            database,
            "ledger_minute",
            workspace_id="default",
            source=source,
            minute=to_datetime(NOW + minute * MINUTE),
            counted=counted,
            duplicate=1,
            late=2,
            rejected=3,
            dead=4,
        )
    ledger = msgspec.json.decode((await client.get("/api/v1/ledger")).content, type=Ledger)
    assert [(rfc3339(NOW + MINUTE), "api"), (rfc3339(NOW), "api"), (rfc3339(NOW), "irc")] == [
        (row.minute.isoformat().replace("+00:00", "Z"), row.source) for row in ledger.rows
    ]
    for row in (*ledger.rows, ledger.total):
        assert row.received == row.counted + row.duplicate + row.late + row.rejected + row.dead
    assert ledger.total.received == 53
    for parameters, received in (
        ({"source": "irc"}, 17),
        ({"start_time": rfc3339(NOW + MINUTE)}, 21),
        ({"end_time": rfc3339(NOW)}, 32),
        ({"source": "nobody"}, 0),
    ):
        assert (await client.get("/api/v1/ledger", params=parameters)).json()["total"]["received"] == received


async def test_what_was_not_counted_of_one_stream(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database, "lirik")
    for stream_id, minute, duplicate, late in (
        ("lirik", 0, 4, 1),
        ("lirik", 1, 0, 2),
        ("lirik", 2, 0, 0),
        ("other", 0, 7, 7),
    ):
        at = to_datetime(NOW + minute * MINUTE)
        values = {"stream_id": stream_id, "minute": at, "duplicate": duplicate, "late": late}
        await insert(database, "stream_ledger_minute", workspace_id="default", **values)
    address = "/api/v1/streams/lirik/ledger"
    assert (await client.get(address, params={"limit": 1})).json() == {
        "rows": [{"minute": rfc3339(NOW + MINUTE), "duplicate": 0, "late": 2}],
        "total": {"duplicate": 4, "late": 3},
    }
    for parameters, total in (
        ({"start_time": rfc3339(NOW + MINUTE)}, {"duplicate": 0, "late": 2}),
        ({"end_time": rfc3339(NOW)}, {"duplicate": 4, "late": 1}),
    ):
        assert (await client.get(address, params=parameters)).json()["total"] == total
    assert (await client.get("/api/v1/streams/nobody/ledger")).status_code == 404
    refused = await client.get(address, params={"start_time": "yesterday"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "start_time")


async def test_dead_letters_are_listed_with_what_was_sent(client: httpx.AsyncClient, database: Database) -> None:
    await add_letter(database, 1, b'{"a": 1}', source="irc")
    await add_letter(database, 2, b"\xff\xfe no text", code="invalid_json")
    await add_letter(database, 3, b"{}", disposition="dead", redriven_at=to_datetime(NOW))
    response = await client.get("/api/v1/dead-letters")
    letters = msgspec.json.decode(response.content, type=list[DeadLetter])
    assert [letter.raw for letter in letters] == ["{}", "\ufffd\ufffd no text", '{"a": 1}']

    async def raws(**parameters: Any) -> list[str]:
        response = await client.get("/api/v1/dead-letters", params=parameters)
        return [letter["raw"] for letter in response.json()]

    assert await raws(code="invalid_json") == ["\ufffd\ufffd no text"]
    assert await raws(source="irc") == ['{"a": 1}']
    assert await raws(redriven="true") == ["{}"]
    assert await raws(limit=1, offset=2) == ['{"a": 1}']


async def test_a_letter_is_redriven_once(client: httpx.AsyncClient, database: Database, services: Services) -> None:
    letter = await add_letter(database, 1, msgspec.json.encode(EVENT))
    response = await client.post(f"/api/v1/dead-letters/{letter}/redrive")
    assert response.status_code == 200
    redriven = msgspec.json.decode(response.content, type=Redriven)
    assert (redriven.id, redriven.outcome) == (letter, "accepted")
    assert [item.event_id for item in one_by_one((await services.log.read(0, 10)).items)] == ["m1"]
    again = await client.post(f"/api/v1/dead-letters/{letter}/redrive")
    assert (again.status_code, again.json()["error_code"]) == (409, "already_redriven")
    assert (await services.log.read(0, 10)).count == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"no json", "JSON"),
        (b'{"event_id": "1", "type": "x", "stream_id": "s", "data": {}}', "unknown_type"),
    ],
)
async def test_a_letter_that_is_refused_again_is_not_marked(
    client: httpx.AsyncClient, database: Database, raw: bytes, reason: str
) -> None:
    letter = await add_letter(database, 1, raw)
    response = await client.post(f"/api/v1/dead-letters/{letter}/redrive")
    assert (response.status_code, response.json()["error_code"]) == (409, "still_refused")
    assert reason in response.json()["detail"]
    assert (await client.get("/api/v1/dead-letters")).json()[0]["redriven_at"] is None


async def test_letters_that_are_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"/api/v1/dead-letters/{uuid.uuid4()}/redrive")).status_code == 404
    assert (await client.post("/api/v1/dead-letters/7/redrive")).status_code == 422


async def test_gaps_by_connector_by_stream_and_by_what_became_of_them(
    client: httpx.AsyncClient, database: Database
) -> None:
    declared = {"name": "A", "api_url": "wss://a.example", "protocol_type": "WebSocket", "exchange_name": "okx"}
    declared |= {"http_method": "GET", "auth_type": "None", "polling_interval": 1000}
    await insert(database, "api_connectors", workspace_id="default", connector_id="conn_1", **declared)
    await insert(database, "connector_streams", workspace_id="default", stream_id="okx:A", connector_id="conn_1")
    for hour, (stream, connector) in enumerate([(None, "conn_1"), ("okx:A", "conn_1"), ("okx:B", "conn_2")]):
        await open_gap(
            database,
            workspace_id="default",
            start=NOW + hour * 60 * MINUTE,
            end=NOW + hour * 60 * MINUTE + MINUTE,
            reason="disconnected",
            stream_id=stream,
            connector_id=connector,
        )
    whole = msgspec.json.decode((await client.get("/api/v1/gaps")).content, type=list[FeedGap])
    assert [(gap.stream_id, gap.connector_id) for gap in whole] == [
        ("okx:B", "conn_2"),
        ("okx:A", "conn_1"),
        (None, "conn_1"),
    ], "newest first"
    assert await fill_gap(database, whole[1].id)

    async def ids(**query: Any) -> list[str]:
        return [gap["id"] for gap in (await client.get("/api/v1/gaps", params=query)).json()]

    assert await ids(connector_id="conn_2") == [whole[0].id]
    assert await ids(stream_id="okx:A") == [whole[1].id, whole[2].id], "its own and those of what feeds it"
    assert await ids(stream_id="okx:A", filled=False) == [whole[2].id]
    assert await ids(filled=True) == [whole[1].id]
    assert await ids(limit=1, offset=1) == [whole[1].id]
    assert (await client.get("/api/v1/gaps", params={"limit": 0})).status_code == 422
