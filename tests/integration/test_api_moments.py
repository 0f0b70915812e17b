"""Settings, back-tests and exports of moments over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from telemetra.model.times import rfc3339, to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.database import Database
from tests.support.api import api_client
from tests.support.chat import cheering_chat
from tests.support.engine import START
from tests.support.pipeline import DrivenPipeline
from tests.support.rows import add_moment, add_stream

WORKSPACE = "/api/v1/moments/settings"
STREAM = "/api/v1/streams/lirik/moments/settings"
BACKTEST = "/api/v1/moments/backtest"
EXPORT = "/api/v1/streams/lirik/moments/export"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database) as client:
        yield client


async def test_settings_of_a_stream_stand_above_those_of_the_workspace(client: httpx.AsyncClient) -> None:
    defaults = (await client.get(WORKSPACE)).json()
    assert defaults["stream_id"] is None
    assert defaults["overrides"] == {}
    assert defaults["effective"]["open_score"] == 0.5

    put = await client.put(WORKSPACE, json={"open_score": 0.7, "merge_seconds": 30})
    assert put.status_code == 200
    put = await client.put(STREAM, json={"open_score": 0.6})
    assert put.json() == (await client.get(STREAM)).json()
    assert put.json()["overrides"] == {"open_score": 0.6}
    assert put.json()["effective"] == defaults["effective"] | {"open_score": 0.6, "merge_seconds": 30}

    await client.put(WORKSPACE, json={})
    assert (await client.get(STREAM)).json()["effective"] == defaults["effective"] | {"open_score": 0.6}
    for _ in range(2):
        gone = await client.delete(STREAM)
        assert (gone.status_code, gone.json()["effective"]) == (200, defaults["effective"])


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b'{"open_scor": 0.6}', 422, "unknown_setting", "open_scor"),
        (b'{"open_score": 2}', 422, "invalid_setting", "open_score"),
        (b'{"a\\u0000": 2}', 422, "invalid_body", None),
        (b"[]", 422, "invalid_body", None),
        (b"{", 400, "invalid_json", None),
        (b"\xff", 400, "invalid_json", None),
        (b'"' + b"x" * 70_000 + b'"', 413, "body_too_large", None),
    ],
)
async def test_settings_that_are_wrong_are_refused(
    client: httpx.AsyncClient, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = await client.put(STREAM, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert [error["field"] for error in answer.json().get("errors", [])] == ([] if field is None else [field])
    assert (await client.get(STREAM)).json()["overrides"] == {}


async def test_settings_are_taken_as_json_only(client: httpx.AsyncClient) -> None:
    answer = await client.put(STREAM, content=b"{}", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["error_code"]) == (415, "unsupported_media_type")


def question(**changes: Any) -> dict[str, Any]:
    span = {"start_time": rfc3339(START), "end_time": rfc3339(START + 40 * MINUTE)}
    return {"stream_id": "lirik", **span, "settings": {"open_score": 0.999}, **changes}


async def test_a_backtest_answers_beside_what_is_stored(database: Database, client: httpx.AsyncClient) -> None:
    driven = DrivenPipeline(database)
    await driven.feed(cheering_chat("lirik", 40))
    await driven.catch_up()
    answer = await client.post(BACKTEST, json=question())
    assert answer.status_code == 200
    report = answer.json()
    assert (report["stored"]["alarms"], report["stored"]["alone"], report["replayed"]["alarms"]) == (2, 2, 0)
    assert report["whole_history"] is True
    assert report["settings"]["open_score"] == 0.999
    assert report["stored"]["moments"][0]["cause"] is not None


async def test_one_backtest_runs_at_a_time_and_requests_go_on(database: Database, client: httpx.AsyncClient) -> None:
    driven = DrivenPipeline(database, read_items=20_000)
    await driven.feed(cheering_chat("lirik", 400))
    await driven.catch_up()
    running = [asyncio.ensure_future(client.post(BACKTEST, json=question())) for _ in range(2)]
    answered = 0
    while not all(task.done() for task in running):
        assert (await client.get("/health")).status_code == 200
        answered += 1
        await asyncio.sleep(0)  # asking /health waits for nothing
    statuses = sorted(task.result().status_code for task in running)
    assert statuses == [200, 429]
    assert next(task.result() for task in running if task.result().status_code == 429).headers["Retry-After"] == "5"
    assert answered > 2
    assert (await client.post(BACKTEST, json=question())).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"stream_id": "nobody"}, 404, "not_found"),
        ({"stream_id": "no body"}, 422, "invalid_body"),
        ({"start_time": "2023-11-14T22:14:00"}, 422, "invalid_body"),
        ({"until": 1}, 422, "invalid_body"),
        ({"settings": {"open_score": "high"}}, 422, "invalid_setting"),
        ({"end_time": rfc3339(START)}, 422, "invalid_range"),
        ({"end_time": rfc3339(START + 8 * 24 * 60 * MINUTE)}, 422, "backtest_too_large"),
        ({"start_time": "9999-12-31T23:00:00-20:00", "end_time": "9999-12-31T23:59:59-23:00"}, 422, "invalid_range"),
        ({"start_time": "0001-01-01T00:00:00Z", "end_time": "1970-01-02T00:00:00Z"}, 422, "no_events"),
    ],
)
async def test_backtests_that_cannot_be_answered_are_refused(
    database: Database, client: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str
) -> None:
    await add_stream(database, "lirik")
    answer = await client.post(BACKTEST, json=question(**changes))
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


async def add_export(database: Database) -> None:
    await add_stream(database, "lirik", started_at=to_datetime(START))
    for minute, moment_type in ((-5, "chat_spike"), (1, "chat_spike"), (70, "viewer_drop")):
        onset = START + minute * MINUTE
        ended_at = to_datetime(onset) + timedelta(seconds=40)
        await add_moment(database, onset, "lirik", moment_type=moment_type, ended_at=ended_at)


async def test_an_export_counts_from_the_streams_start(database: Database, client: httpx.AsyncClient) -> None:
    await add_export(database)
    exported = (await client.get(EXPORT)).json()
    assert [item["offset_seconds"] for item in exported] == [60, 4200]
    chapters = await client.get(EXPORT, params={"format": "chapters"})
    assert chapters.text.splitlines() == ["0:00 Start", "1:00 much chat", "1:10:00 much chat"]
    assert chapters.headers["content-type"] == "text/plain; charset=utf-8"
    assert chapters.headers["content-disposition"] == 'attachment; filename="lirik-moments.txt"'
    edl = await client.get(EXPORT, params={"format": "edl"})
    assert "002  AX       V     C        01:10:00:00 01:10:40:00 00:00:40:00 00:01:20:00\r\n" in edl.text


@pytest.mark.parametrize(
    ("params", "offsets"),
    [
        ({"moment_type": "viewer_drop"}, ["4200.0"]),
        ({"start_time": rfc3339(START + 2 * MINUTE)}, ["4200.0"]),
        ({"end_time": rfc3339(START + 2 * MINUTE)}, ["60.0"]),
        ({"origin": rfc3339(START - 6 * MINUTE)}, ["60.0", "420.0", "4560.0"]),
    ],
)
async def test_an_export_may_be_narrowed(
    database: Database, client: httpx.AsyncClient, params: dict[str, str], offsets: list[str]
) -> None:
    await add_export(database)
    answer = await client.get(EXPORT, params={"format": "csv", **params})
    assert [line.split(",")[0] for line in answer.text.splitlines()[1:]] == offsets


async def test_exports_that_cannot_be_made_are_refused(database: Database, client: httpx.AsyncClient) -> None:
    answers = [await client.get(EXPORT), await client.get(EXPORT, params={"format": "xml"})]
    await add_stream(database, "lirik")
    answers.append(await client.get(EXPORT))
    assert [(answer.status_code, answer.json()["error_code"]) for answer in answers] == [
        (404, "not_found"),
        (422, "validation_failed"),
        (422, "no_origin"),
    ]
    assert json.loads(answers[2].content)["errors"][0]["field"] == "origin"
