"""Intake over a real log: what becomes durable, what is refused and how it is kept."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from telemetra.errors import Invalid
from telemetra.eventlog.postgres import PostgresLog
from telemetra.formats.draft import Draft
from telemetra.model.event import Event, Rejection, one_by_one
from telemetra.observability import Metrics
from telemetra.operations.intake import Intake, IntakeLimits, IntakeResult
from telemetra.store.database import Database
from tests.support.engine import REGISTRY

NOW = 1_700_000_000_000_000
JSON, NDJSON = "application/json", "application/x-ndjson"


class Door:
    def __init__(self, database: Database) -> None:
        self.log = PostgresLog(database)
        limits = IntakeLimits(body_bytes=100_000, event_bytes=2_000, events=50)
        self._intake = Intake(self.log, REGISTRY, limits, lambda: NOW, Metrics())

    async def submit(self, body: Any, media_type: str = JSON, **headers: str) -> IntakeResult:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self._intake.submit(media_type, data, headers, "default", "c-1")

    async def submit_drafts(self, drafts: list[Draft]) -> IntakeResult:
        return await self._intake.submit_drafts(
            drafts, workspace_id="default", connector_id="conn_1", session_id="ws-1"
        )

    async def items(self) -> list[Event | Rejection]:
        return list(one_by_one((await self.log.read(0, 1000)).items))


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


def chat(event_id: str = "e1", **fields: Any) -> dict[str, Any]:
    event = {"event_id": event_id, "type": "chat.message", "stream_id": "s", "data": {"user_id": "u", "message": "hi"}}
    return event | fields


async def test_what_is_taken_is_in_the_log_as_it_was_sent(door: Door) -> None:
    body = b'[{"event_id":"e1","type":"chat.message","stream_id":"s","data":{ "user_id":"u","message":"hi","x":1.10}}]'
    result = await door.submit(body)
    assert (result.accepted, result.duplicate, result.rejected, result.single) == (1, 0, [], False)
    (item,) = await door.items()
    assert isinstance(item, Event)
    assert (item.timestamp, item.received_at, item.source, item.correlation_id) == (NOW, NOW, "api", "c-1")
    assert item.data == b'{ "user_id":"u","message":"hi","x":1.10}'


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (chat(type="no.such"), "unknown_type", "type"),
        (chat(workspace_id="other"), "workspace_forbidden", "workspace_id"),
        (chat(timestamp="1969-12-31T23:59:59Z"), "invalid_timestamp", "timestamp"),
        (chat(timestamp="2023-11-14T22:18:20.000001Z"), "timestamp_in_future", "timestamp"),
        (chat(data={"user_id": "u", "message": "x" * 501}), "invalid_field", "data.message"),
        (chat(data={"user_id": "u", "message": "x", "pad": "y" * 3000}), "too_large", "data"),
        (chat(data={"message": "x"}), "missing_field", "data.user_id"),
        (
            chat(type="transaction", data={"transaction_id": "t", "amount": "1e13", "transaction_type": "tip"}),
            "invalid_field",
            "data.amount",
        ),
    ],
)
async def test_a_refused_event_costs_no_neighbour_and_is_kept_as_it_was_sent(
    door: Door, event: dict[str, Any], code: str, field: str
) -> None:
    result = await door.submit([chat("before"), event, chat("after")])
    assert result.accepted == 2
    (rejected,) = result.rejected
    assert (rejected.index, rejected.code, rejected.field) == (1, code, field)
    assert rejected.detail.startswith(field)
    rejection = (await door.items())[-1]
    assert isinstance(rejection, Rejection)
    assert rejection.code == code
    assert json.loads(rejection.raw) == event


async def test_lines_are_kept_as_they_were_sent(door: Door) -> None:
    good, bad = json.dumps(chat()).encode(), b'{"event_id": "e2",  "type":"chat.message","stream_id":"s"}'
    result = await door.submit(good + b"\n\n" + bad + b"\n{oops\n", NDJSON)
    assert [(rejected.index, rejected.code) for rejected in result.rejected] == [
        (1, "missing_field"),
        (2, "invalid_json"),
    ]
    raws = [item.raw for item in await door.items() if isinstance(item, Rejection)]
    assert raws == [bad, b"{oops"]


async def test_repeats_that_this_process_remembers_are_said(door: Door) -> None:
    assert (await door.submit([chat("a"), chat("b"), chat("a")])).duplicate == 1
    again = await door.submit([chat("b"), chat("c")])
    assert (again.accepted, again.duplicate) == (1, 1)
    assert len(await door.items()) == 5, "the log has them all: the ledger's number is the truth"


async def test_an_empty_array_is_nothing(door: Door) -> None:
    result = await door.submit([])
    assert (result.accepted, result.rejected) == (0, [])
    assert await door.items() == []


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (b"[1,", JSON, "invalid_json"),
        (b"[]", "text/plain", "unsupported_media_type"),
        (b" " * 100_001, JSON, "body_too_large"),
        ([chat(str(number)) for number in range(51)], JSON, "too_many_events"),
    ],
)
async def test_a_request_that_cannot_be_read_leaves_nothing(door: Door, body: Any, media_type: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await door.submit(body, media_type)
    assert refused.value.code == code
    assert await door.items() == []


async def test_binary_cloudevents_are_events_like_all_others(door: Door) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "e9",
        "ce-source": "/feed",
        "ce-type": "chat.message",
        "ce-subject": "s",
        "ce-time": "2023-11-14T22:00:00Z",
    }
    result = await door.submit({"user_id": "u", "message": "hi"}, JSON, **headers)
    assert (result.accepted, result.single) == (1, True)
    (item,) = await door.items()
    assert isinstance(item, Event)
    assert (item.event_id, item.source, item.stream_id) == ("e9", "/feed", "s")


def draft(event_id: str = "d1", **fields: Any) -> Draft:
    values: dict[str, Any] = {
        "event_id": event_id,
        "type": "chat.message",
        "stream_id": "s",
        "timestamp": NOW - 5,
        "data": {"user_id": "u", "message": "hi", "raw": {"price": Decimal("1.10")}},
        "source": "okx",
    }
    return Draft(**values | fields)


async def test_drafts_of_a_connector_are_events_with_its_names(door: Door) -> None:
    result = await door.submit_drafts(
        [draft(), draft("d2", timestamp=None, data=msgspec.Raw(b'{"user_id":"u","message":"x"}'))]
    )
    assert (result.accepted, result.duplicate, result.first_offset, result.next_offset) == (2, 0, 0, 2)
    first, second = await door.items()
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.timestamp, first.received_at, first.source) == (NOW - 5, NOW, "okx")
    assert (first.connector_id, first.session_id) == ("conn_1", "ws-1")
    assert json.loads(first.data)["raw"] == {"price": "1.10"}
    assert second.timestamp == NOW
    assert (await door.submit_drafts([draft()])).duplicate == 1
    assert (await door.submit_drafts([])).first_offset is None


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (draft(type="no.such"), "unknown_type", "type"),
        (draft(workspace_id="other"), "workspace_forbidden", "workspace_id"),
        (draft(""), "invalid_field", "event_id"),
        (draft("x" * 201), "invalid_field", "event_id"),
        (draft("a\x00b"), "invalid_field", "event_id"),
        (draft(source="\ud800"), "invalid_field", "source"),
        (draft(stream_id="a b"), "invalid_field", "stream_id"),
        (draft(timestamp=-1), "invalid_timestamp", "timestamp"),
        (draft(timestamp=NOW + 301_000_000), "timestamp_in_future", "timestamp"),
        (draft(timestamp=10**30), "timestamp_in_future", "timestamp"),
        (draft(data={"user_id": "u"}), "missing_field", "data.message"),
        (draft(data={"user_id": "u", "message": "a\x00b"}), "invalid_text", "data"),
        (draft(data={"user_id": "u", "message": "\ud800"}), "invalid_text", "data"),
        (draft(data=msgspec.Raw(b'{"user_id":"u","message":"x","n":1e999}')), "number_out_of_range", "data"),
        (draft(data={"user_id": "u", "message": "x" * 3000}), "too_large", "data"),
        (draft(data=msgspec.Raw(b"[]")), "invalid_field", "data"),
    ],
)
async def test_a_bad_draft_is_kept_with_its_reason_and_costs_no_neighbour(
    door: Door, bad: Draft, code: str, field: str
) -> None:
    result = await door.submit_drafts([draft("a"), bad, draft("b")])
    assert result.accepted == 2
    assert [(event.index, event.code, event.field) for event in result.rejected] == [(1, code, field)]
    items = await door.items()
    assert [type(item) for item in items] == [Event, Event, Rejection]
