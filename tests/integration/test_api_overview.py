"""The list of streams as pages show it, and the declarations of kinds, over HTTP; the pages' files."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from telemetra.api.dashboard import FOLDER, MEDIA_TYPES
from telemetra.model.times import rfc3339
from telemetra.model.window import MINUTE
from telemetra.operations.kinds import KindDeclaration
from telemetra.operations.overview import StreamOverview
from telemetra.store.database import Database
from tests.support.api import api_client
from tests.support.rows import NOW, add_minute, add_moment, add_stream

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database, clock=lambda: NOW) as client:
        yield client


async def test_a_stream_with_its_newest_minute_its_line_and_its_last_moment(
    client: httpx.AsyncClient, database: Database
) -> None:
    await add_stream(database)
    for ago in (40, 4, 2, 0):  # the first is out of the half hour; no event in minutes 3 and 1
        await add_minute(database, NOW - ago * MINUTE, chat_count=100 - ago, viewer_count=7, viewers_known=True)
    await add_moment(database, NOW - 5 * MINUTE)
    await add_moment(database, NOW - 3 * MINUTE)
    await add_stream(database, "silent")
    both = (await client.get("/api/v1/overview")).json()
    by_id = {row["stream_id"]: row for row in both}
    row = by_id["s"]
    assert row["line"] == [96.0, None, 98.0, None, 100.0]
    assert row["newest"]["timestamp"] == rfc3339(NOW + MINUTE)
    assert row["newest"]["metrics"]["chat_rate"] == 100.0
    assert row["newest"]["metrics"]["viewer_count"] == 7
    assert row["last_moment"]["timestamp"] == rfc3339(NOW - 3 * MINUTE)
    assert (by_id["silent"]["newest"], by_id["silent"]["line"], by_id["silent"]["last_moment"]) == (None, [], None)
    msgspec.convert(both, list[StreamOverview])


async def test_the_overview_and_the_list_do_not_answer_for_each_other(
    client: httpx.AsyncClient, database: Database
) -> None:
    await add_stream(database)
    for _ in range(2):
        assert "line" in (await client.get("/api/v1/overview")).json()[0]
        assert "line" not in (await client.get("/api/v1/streams")).json()[0]


async def test_kinds_say_how_they_are_shown(client: httpx.AsyncClient) -> None:
    kinds = {kind["name"]: kind for kind in (await client.get("/api/v1/kinds")).json()}
    broadcast = kinds["broadcast"]
    assert [metric["name"] for metric in broadcast["metrics"] if metric["headline"]] == [
        "viewer_count",
        "chat_rate",
        "sentiment_score",
    ]
    (primary,) = [series for series in broadcast["series"] if series["primary"]]
    assert {raised["moment_type"]: raised["direction"] for raised in primary["moments"]} == {
        "chat_spike": "up",
        "chat_drop": "down",
    }
    msgspec.convert(list(kinds.values()), list[KindDeclaration])


async def test_browsers_get_the_page_and_clients_the_json(client: httpx.AsyncClient) -> None:
    page = await client.get("/", headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    answer = await client.get("/")
    assert answer.json()["status"] == "running"
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("path", ["/", "/streams/a%23b", "/connectors", "/trust", "/overlay/x"])
async def test_pages_allow_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path, headers=BROWSER)
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?://", page.text) == []


async def test_every_file_that_a_page_names_is_there_for_ever(client: httpx.AsyncClient) -> None:
    for path in ("/", "/overlay/x"):
        page = await client.get(path, headers=BROWSER)
        named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert len(named) > 3
        for name in named:
            answer = await client.get(name)
            assert answer.status_code == 200, name
            assert "immutable" in answer.headers["cache-control"]


async def test_files_are_sent_compressed_and_whole(client: httpx.AsyncClient) -> None:
    page = await client.get("/", headers=BROWSER)
    base = re.search(r"/static/[0-9a-f]+", page.text)
    assert base is not None
    for path in FOLDER.rglob("*"):
        if path.suffix not in MEDIA_TYPES:
            continue
        name = path.relative_to(FOLDER).as_posix()
        request = client.build_request("GET", f"{base[0]}/{name}", headers={"Accept-Encoding": "gzip"})
        answer = await client.send(request, stream=True)
        raw = b"".join([part async for part in answer.aiter_raw()])
        content = gzip.decompress(raw) if answer.headers.get("content-encoding") == "gzip" else raw
        assert content == path.read_bytes(), name
        assert answer.headers["content-type"] == MEDIA_TYPES[path.suffix]


async def test_an_old_version_leads_to_the_new_one_and_other_names_nowhere(client: httpx.AsyncClient) -> None:
    old = await client.get("/static/0000/js/main.js")
    assert (old.status_code, old.headers["cache-control"]) == (302, "no-store")
    assert (await client.get(old.headers["location"])).status_code == 200
    for name in ("js/none.js", "../api/app.py", "vendor/README.md", "js/types.d.ts"):
        assert (await client.get(f"/static/0000/{name}")).status_code == 404
