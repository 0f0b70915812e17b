"""Bodies made to break intake: each is answered with a clear 4xx or told apart event by event, never with a 5xx."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from telemetra.store.database import Database
from tests.support.api import api_client

PATH = "/api/v1/events"
MIB = 1024 * 1024
LIMIT = 8 * MIB
GOOD = {"event_id": "good", "type": "chat.message", "stream_id": "s", "data": {"user_id": "u", "message": "hi"}}
VIEWERS = {"event_id": "v", "type": "viewer.count", "stream_id": "s", "data": {"viewer_count": 1}}
TIP = {
    "event_id": "t",
    "type": "transaction",
    "stream_id": "s",
    "data": {"transaction_id": "t", "amount": 1, "transaction_type": "tip"},
}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database) as client:
        yield client


async def post(client: httpx.AsyncClient, body: Any, media_type: str = "application/json", **headers: str) -> Any:
    sent = {"Content-Type": media_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(PATH, content=body, headers=sent)


def raw(event: dict[str, Any], **changes: str) -> bytes:
    """The event as JSON with fields (`data__message`) replaced by raw JSON text."""
    marked = json.loads(json.dumps(event))
    for name in changes:
        *parents, last = name.split("__")
        target = marked
        for parent in parents:
            target = target[parent]
        target[last] = f"@{name}@"
    text = json.dumps(marked)
    for name, value in changes.items():
        text = text.replace(f'"@{name}@"', value)
    return text.encode("utf-8", "surrogatepass")


def ahead(minutes: float) -> str:
    return json.dumps((datetime.now(UTC) + timedelta(minutes=minutes)).isoformat())


INVALID_EVENTS = {
    "deep data": raw(GOOD, data="[" * 5000 + "]" * 5000),
    "deep object": raw(GOOD, data='{"a":' * 5000 + "1" + "}" * 5000),
    "deep field": raw(GOOD, data__badges="[" * 900 + "]" * 900),
    "huge integer": raw(VIEWERS, data__viewer_count="9" * 4000),
    "more than 2^53": raw(VIEWERS, data__viewer_count=str(2**53 + 1)),
    "huge exponent": raw(VIEWERS, data__viewer_count="1e400000"),
    "negative": raw(VIEWERS, data__viewer_count="-1"),
    "fraction": raw(VIEWERS, data__viewer_count="1.5"),
    "number as text": raw(VIEWERS, data__viewer_count='"1"'),
    "boolean as number": raw(VIEWERS, data__viewer_count="true"),
    "huge money": raw(TIP, data__amount="1e13"),
    "money with an exponent bomb": raw(TIP, data__amount='"1e999999999"'),
    "money that is no number": raw(TIP, data__amount='"NaN"'),
    "infinite money": raw(TIP, data__amount='"Infinity"'),
    "money of 13 decimals": raw(TIP, data__amount='"0.0000000000001"'),
    "money as a list": raw(TIP, data__amount="[1]"),
    "unknown currency": raw(TIP, data__currency='"XYZ"'),
    "NUL in text": raw(GOOD, data__message='"a\\u0000b"'),
    "lone surrogate": raw(GOOD, data__message='"\\ud800"'),
    "surrogates the wrong way round": raw(GOOD, data__message='"\\udc00\\ud800"'),
    "NUL in a field that nobody reads": raw(GOOD, data__badges='["\\u0000"]'),
    "NUL in the id": raw(GOOD, event_id='"a\\u0000b"'),
    "text too long": raw(GOOD, data__message=json.dumps("x" * 501)),
    "text as a number": raw(GOOD, data__message="7"),
    "id too long": raw(GOOD, event_id=json.dumps("x" * 201)),
    "empty id": raw(GOOD, event_id='""'),
    "id as a number": raw(GOOD, event_id="1"),
    "stream id with a space": raw(GOOD, stream_id='"a b"'),
    "stream id of another alphabet": raw(GOOD, stream_id='"\\u0441"'),
    "future": raw(GOOD, timestamp=ahead(24 * 60)),
    "far future": raw(GOOD, timestamp='"9999-12-31T23:59:59Z"'),
    "before 1970": raw(GOOD, timestamp='"1969-12-31T23:59:59Z"'),
    "year 0": raw(GOOD, timestamp='"0000-01-01T00:00:00Z"'),
    "no offset": raw(GOOD, timestamp='"2020-01-01T00:00:00"'),
    "time as a number": raw(GOOD, timestamp="1600000000"),
    "30 February": raw(GOOD, timestamp='"2020-02-30T00:00:00Z"'),
    "another workspace": raw(GOOD, workspace_id='"other"'),
    "unknown type": raw(GOOD, type='"chat.mesage"'),
    "no data": raw(GOOD, data="null"),
    "data is a list": raw(GOOD, data="[]"),
    "event over 64 KiB": raw(GOOD, data__badges=json.dumps(["x" * 199] * 400)),
    "invalid UTF-8": b'{"event_id": "\xff\xfe"}',
    "overlong UTF-8": json.dumps(GOOD).encode().replace(b"hi", b"\xc0\x80"),
    "a number": b"7",
    "a string": b'"event"',
    "null": b"null",
}

NO_JSON = {
    "empty": b"",
    "blank": b" \n ",
    "cut": json.dumps(GOOD).encode()[:-3],
    "NaN": raw(VIEWERS, data__viewer_count="NaN"),
    "Infinity": raw(VIEWERS, data__viewer_count="-Infinity"),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "single quotes": b"{'event_id': 1}",
    "trailing comma": b'[{"a": 1},]',
    "two documents": b"{} {}",
    "brackets without end": b"[" * 100_000,
    "binary": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("body", INVALID_EVENTS.values(), ids=INVALID_EVENTS)
async def test_an_invalid_event_is_told_and_costs_its_neighbours_nothing(
    client: httpx.AsyncClient, body: bytes
) -> None:
    alone = await post(client, body)
    assert 400 <= alone.status_code < 500, alone.text
    assert alone.json()["error_code"]
    good = json.dumps(GOOD).encode()
    array = await post(client, b"[" + good + b"," + body + b"]")
    assert array.status_code == 202, array.text
    assert (array.json()["accepted"], [refused["index"] for refused in array.json()["rejected"]]) == (1, [1])
    lines = await post(client, good + b"\n" + body.replace(b"\n", b" ") + b"\n", "application/x-ndjson")
    assert lines.status_code == 202
    assert [refused["index"] for refused in lines.json()["rejected"]] == [1]


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
async def test_what_is_no_json_is_400_or_a_rejected_line(client: httpx.AsyncClient, body: bytes) -> None:
    alone = await post(client, body)
    assert (alone.status_code, alone.json()["error_code"]) == (400, "invalid_json")
    lines = await post(client, body, "application/x-ndjson")
    assert lines.status_code == 202
    assert lines.json()["accepted"] == 0
    if body.strip():
        assert lines.json()["rejected"]


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/xml", "multipart/form-data", "application/json5", "\u00fc", "a" * 5000],
)
async def test_other_media_types_are_415(client: httpx.AsyncClient, media_type: str) -> None:
    response = await client.post(PATH, content=json.dumps(GOOD), headers={b"Content-Type": media_type.encode()})
    assert (response.status_code, response.json()["error_code"]) == (415, "unsupported_media_type")


async def test_a_body_over_the_limit_is_413_before_it_is_read(client: httpx.AsyncClient) -> None:
    response = await post(client, b"[" + b" " * (10 * MIB) + b"]")
    assert (response.status_code, response.json()["error_code"]) == (413, "body_too_large")


async def test_a_body_without_length_is_read_no_further_than_the_limit(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 64 * 1024
            yield b" " * 64 * 1024

    response = await post(client, endless())
    assert response.status_code == 413
    assert read <= LIMIT + 128 * 1024


async def test_a_body_at_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    body = json.dumps([GOOD]).encode()
    assert (await post(client, body + b" " * (LIMIT - len(body)))).status_code == 202
    assert (await post(client, body + b" " * (LIMIT - len(body) + 1))).status_code == 413


async def test_a_gzip_bomb_is_never_unpacked_beyond_the_limit(client: httpx.AsyncClient) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * MIB) for _ in range(500)) + packer.flush()
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        response = await post(client, bomb, Content_Encoding="gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert response.status_code == 413
    assert peak < 5 * LIMIT


@pytest.mark.parametrize(
    "body",
    [b"no gzip", b"", gzip.compress(b"[]")[:-4], gzip.compress(b"[]") + b"more", gzip.compress(b"[]") * 2],
    ids=["other bytes", "nothing", "cut", "more behind it", "two members"],
)
async def test_broken_gzip_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    response = await post(client, body, Content_Encoding="gzip")
    assert (response.status_code, response.json()["error_code"]) == (400, "invalid_encoding")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "identity, gzip", "x" * 500])
async def test_other_encodings_are_415(client: httpx.AsyncClient, encoding: str) -> None:
    assert (await post(client, b"[]", Content_Encoding=encoding)).status_code == 415


async def test_an_event_of_ten_megabytes_is_refused_and_kept_short(client: httpx.AsyncClient) -> None:
    huge = raw(GOOD, data__message=json.dumps("x" * 10 * MIB))
    assert (await post(client, huge)).status_code == 413
    large = raw(GOOD, data__message=json.dumps("x" * 7 * MIB))
    assert (await post(client, large)).status_code == 422
    array = await post(client, b"[" + large + b"," + json.dumps(GOOD).encode() + b"]")
    assert (array.status_code, array.json()["accepted"]) == (202, 1)


async def test_too_many_events_are_413(client: httpx.AsyncClient) -> None:
    assert (await post(client, json.dumps([VIEWERS] * 10_000))).status_code == 202
    response = await post(client, json.dumps([VIEWERS] * 10_001))
    assert (response.status_code, response.json()["error_code"]) == (413, "too_many_events")


async def test_a_false_length_is_no_way_around_the_limit(client: httpx.AsyncClient) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * MIB

    for length in ("7", "-1", "1e3", "٣", "9" * 40):
        response = await client.post(
            PATH, content=much(), headers={b"Content-Type": b"application/json", b"Content-Length": length.encode()}
        )
        assert response.status_code == 413


async def test_bodies_in_flight_have_a_common_bound(database: Database) -> None:
    async with api_client(database, intake_max_body_bytes="1KiB", intake_queue_bytes="1KiB") as client:
        refused = await _post_while_another_is_read(client)
        assert (refused.status_code, refused.json()["error_code"]) == (429, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await post(client, json.dumps(GOOD))).status_code == 202, "what was read has been given back"


async def _post_while_another_is_read(client: httpx.AsyncClient) -> httpx.Response:
    inner: list[httpx.Response] = []

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * 1000
        inner.append(await post(client, b" " * 1000))
        yield b"[]"

    assert (await post(client, slow())).status_code == 202
    return inner[0]


async def test_what_should_be_one_event_is_its_requests_own_fault(client: httpx.AsyncClient) -> None:
    for body in (b"[null, null]", b"[]", b"{}", b"7"):
        assert (await post(client, body, "application/cloudevents+json")).status_code == 422
    attributes = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "a", "ce-type": "chat.message", "ce-subject": "s"}
    headers = {"Content-Type": "application/json"} | attributes
    assert (await client.post(PATH, content=b'["no object"]', headers=headers)).status_code == 422


async def test_binary_cloud_events_with_hostile_headers(client: httpx.AsyncClient) -> None:
    headers = {
        b"Content-Type": b"application/json",
        b"ce-specversion": b"1.0",
        b"ce-id": b"%00",
        b"ce-source": b"\xff\xfe",
        b"ce-type": b"chat.message",
        b"ce-subject": b"s",
        b"ce-time": b"9999-99-99T99:99:99Z",
    }
    response = await client.post(PATH, content=json.dumps(GOOD["data"]), headers=headers)
    assert 400 <= response.status_code < 500
