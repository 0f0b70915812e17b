"""Server-sent events through a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.support.live import EPOCH, LiveServer, live_server, moment, publication, snapshot, until


class Events:
    """A plain reader of an event stream (the HTML standard's line rules, as far as they are used)."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self.retry: int | None = None
        self.comments: list[str] = []
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        data: list[str] = []
        while True:
            line = await asyncio.wait_for(anext(self._lines), 5)
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments.append(line)
            elif name == "data":
                data.append(value)
            elif name == "id":
                self.last_id = value
            elif name == "retry":
                self.retry = int(value)
            elif data:
                message: dict[str, Any] = json.loads("\n".join(data))
                return message


@asynccontextmanager
async def events(live: LiveServer, last_id: str | None = None) -> AsyncIterator[Events]:
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    async with (
        httpx.AsyncClient(base_url=f"http://{live.base}") as client,
        client.stream("GET", "/api/v1/streams/lirik/live", headers=headers) as response,
    ):
        yield Events(response)


async def test_the_messages_of_the_websocket_come_as_events() -> None:
    async with live_server(ping_seconds=1.5) as live, events(live) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "no-store"
        connected, metrics = await stream.next(), await stream.next()
        assert (connected["type"], metrics["type"], stream.retry) == ("connected", "metrics", 2000)
        assert stream.last_id == f"{EPOCH}:100"
        live.hub.deliver(publication(snapshot(chat_count=9), moment()))
        await live.hub.tick()
        await live.hub.tick()
        pushed, metrics, again = [await stream.next() for _ in range(3)]
        assert (pushed["type"], metrics["chat_count"], again["type"]) == ("moment", 9, "metrics")
        assert stream.last_id == f"{EPOCH}:101"
        assert stream.comments == [": ping"]


async def test_a_browser_that_comes_back_gets_what_it_missed() -> None:
    async with live_server() as live:
        async with events(live) as stream:
            await stream.next()
            last_id = stream.last_id
        await until(lambda: live.hub.connections == 0)
        missed = [moment(0, emitted=101), moment(10, emitted=102)]
        live.history.moments = missed
        live.hub.deliver(publication(*missed, committed=102))
        async with events(live, last_id) as stream:
            connected = await stream.next()
            assert (connected["offset"], stream.last_id) == (100, "")
            answer = [await stream.next() for _ in range(3)]
            assert [m.get("moment_id") for m in answer] == [*(str(m.moment_id) for m in missed), None]
            assert stream.last_id == f"{EPOCH}:102"


async def test_an_id_of_another_log_is_told_so() -> None:
    async with live_server() as live:
        live.history.moments = [moment(emitted=5)]
        async with events(live, "another:90") as stream:
            types = [(await stream.next())["type"] for _ in range(4)]
        assert types == ["connected", "resume_failed", "moment", "metrics"]


@pytest.mark.parametrize("last_id", ["", "nonsense", "a:b", "x:-1", f"{EPOCH}:{10**30}"])
async def test_an_id_that_is_none_of_ours_is_no_id(last_id: str) -> None:
    async with live_server() as live, events(live, last_id) as stream:
        assert [(await stream.next())["type"] for _ in range(2)] == ["connected", "metrics"]


async def test_a_client_that_goes_is_forgotten() -> None:
    async with live_server() as live:
        async with events(live) as stream:
            await stream.next()
            assert live.hub.connections == 1
        await until(lambda: live.hub.connections == 0)


async def test_refusals_are_problems() -> None:
    async with live_server(max_connections=1) as live, httpx.AsyncClient(base_url=f"http://{live.base}") as client:
        refused = await client.get("/api/v1/streams/lirik/live", headers={"Origin": "https://evil.example"})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "forbidden_origin")
        refused = await client.get("/api/v1/streams/a%20b/live")
        assert refused.status_code == 422
        async with events(live) as stream:
            await stream.next()
            refused = await client.get("/api/v1/streams/lirik/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


async def test_head_does_not_last() -> None:
    async with live_server() as live, httpx.AsyncClient(base_url=f"http://{live.base}") as client:
        answer = await client.head("/api/v1/streams/lirik/live")
        assert (answer.status_code, live.hub.connections) == (200, 0)


async def test_a_hub_that_closes_ends_the_response() -> None:
    async with live_server() as live, events(live) as stream:
        await stream.next()
        live.hub.close()
        with pytest.raises(StopAsyncIteration):
            while True:
                await stream.next()
        assert live.hub.connections == 0
