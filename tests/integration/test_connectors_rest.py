"""REST connectors against a server that answers, repeats, throttles, refuses and sends nonsense."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from telemetra.store.database import Database
from tests.support.connector_bench import QUICK, bench, stay, trade, until, venue
from tests.support.peer import Peer, peer, response

Query = dict[str, str]


class Api:
    """Answers each request with what `answer` makes of its number and query; notes when they came."""

    def __init__(self, answer: Callable[[int, Query], bytes]) -> None:
        self.queries: list[Query] = []
        self.heads: list[str] = []
        self.times: list[float] = []
        self._answer = answer

    async def __call__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        text = head.decode()
        query = dict(parse_qsl(urlsplit(text.split(" ", 2)[1]).query))
        self.times.append(time.monotonic())
        self.heads.append(text)
        self.queries.append(query)
        writer.write(self._answer(len(self.queries) - 1, query))


def trades(*numbers: int, **fields: Any) -> bytes:
    return response(f"[{','.join(trade(number, **fields) for number in numbers)}]".encode())


def url(there: Peer) -> str:
    return f"http://127.0.0.1:{there.port}/trades"


async def test_polls_keep_their_pace_and_repeats_are_stored_once(database: Database) -> None:
    at = 1_700_000_000_000_000
    api = Api(lambda number, query: trades(*range(number + 1, number + 6), at=at))
    async with peer(api) as there, bench(database) as here:
        made = await here.start(api_url=url(there), polling_interval=100, headers={"X-Mine": "yes"})
        events = await here.with_events(14)
        assert sorted(int(json.loads(event.data)["trade_id"]) for event in events) == list(range(1, len(events) + 1))
        spacing = (api.times[9] - api.times[0]) / 9
        assert 0.08 <= spacing <= 0.3
        assert "X-Mine: yes" in api.heads[0]
        assert all(str(event.session_id).startswith("rest-") for event in events)

        async def counted() -> bool:
            return (await here.status(made)).performance_metrics.get("duplicates", 0) > 0

        await until(counted)
        assert await here.gaps(made) == []


async def test_a_slow_answer_delays_the_next_request_and_nothing_piles_up(database: Database) -> None:
    async def slowly(head: bytes, writer: asyncio.StreamWriter) -> None:
        running.append(time.monotonic())
        await asyncio.sleep(0.4)
        writer.write(trades(len(running)))

    running: list[float] = []
    async with peer(slowly) as there, bench(database) as here:
        await here.start(api_url=url(there), polling_interval=100)
        await here.with_events(4)
        assert min(later - earlier for earlier, later in itertools.pairwise(running)) >= 0.39


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_the_wait_that_the_source_asks_for_is_kept(database: Database, status: str) -> None:
    def answer(number: int, query: Query) -> bytes:
        return response(b"", "Retry-After: 2", status=status) if number == 1 else trades(number + 1)

    api = Api(answer)
    async with peer(api) as there, bench(database) as here:
        made = await here.start(api_url=url(there), polling_interval=100)
        await here.with_events(2)
        assert api.times[2] - api.times[1] >= 2
        await here.with_error(made, f"the source answered HTTP {status[:3]}")

        async def closed() -> bool:
            return [gap.end is not None for gap in await here.gaps(made)] == [True]

        await until(closed)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_refusal_stops_with_an_error(database: Database, status: str) -> None:
    api = Api(lambda number, query: response(b"key hush-hush is wrong", status=status))
    async with peer(api) as there, bench(database) as here:
        made = await here.start(
            api_url=url(there), auth_type="Bearer Token", credentials={"token": "hush-hush"}, polling_interval=100
        )
        said = await here.in_state(made, "error")
        assert said.last_error == f"the source answered HTTP {status[:3]}"
        assert len(api.times) == 1
        assert "Authorization: Bearer hush-hush" in api.heads[0]


async def test_errors_and_nonsense_are_survived_and_seen(database: Database) -> None:
    answers = [
        response(b"", status="500 Internal Server Error"),
        b"\x00\x01 no HTTP at all\r\n\r\n",
        response(b"x" * 200_000),
        response(b"", status="204 No Content"),
    ]

    def answer(number: int, query: Query) -> bytes:
        return answers[number] if number < len(answers) else trades(number)

    api = Api(answer)
    options = replace(QUICK, max_bytes=100_000)
    async with peer(api) as there, bench(database, options) as here:
        made = await here.start(api_url=url(there), polling_interval=100)
        await here.with_events(1, 40)
        status = await here.in_state(made, "running")
        assert len(status.error_log) == 3
        assert status.performance_metrics["errors"] == 3


async def test_a_time_window_goes_on_where_it_was_with_its_overlap(database: Database) -> None:
    api = Api(lambda number, query: trades(number + 1))
    window = {"start": "since", "end": "until", "unit": "ms", "overlap": 3, "initial": 60}
    async with peer(api) as there, bench(database) as here:
        await here.start(api_url=url(there), polling_interval=100, time_window=window, query_params={"since": "1"})
        await here.with_events(3)
        spans = [(int(query["since"]), int(query["until"])) for query in api.queries[:3]]
        assert spans[0][1] - spans[0][0] == pytest.approx(60_000, abs=1)
        assert spans[1][0] == pytest.approx(spans[0][1] - 3000, abs=1)
        assert spans[2][0] == pytest.approx(spans[1][1] - 3000, abs=1)


async def test_a_cursor_is_taken_from_the_answer(database: Database) -> None:
    def answer(number: int, query: Query) -> bytes:
        return response(json.dumps({"items": [json.loads(trade(number + 1))], "next": f"c{number}"}).encode())

    api = Api(answer)
    cursor = {"parameter": "cursor", "path": "next", "initial": "start"}
    async with peer(api) as there, bench(database) as here:
        await here.start(
            api_url=url(there),
            polling_interval=100,
            cursor=cursor,
            mapping={"paths": {"items": "items", "instrument": "s", "price": "p", "trade_id": "i", "timestamp": "t"}},
        )
        await here.with_events(3)
        assert [query["cursor"] for query in api.queries[:3]] == ["start", "c0", "c1"]


async def test_a_back_fill_closes_the_gap_of_a_disconnect(database: Database) -> None:
    at = 1_700_000_000_000_000

    def moment(number: int) -> str:
        return trade(number, at=at + number * 1_000_000, q=None)

    async def script(connection: Any, number: int) -> None:
        for count in range(1, 4) if number == 0 else range(8, 11):
            await connection.send(moment(count))
        if number == 0:
            await here.having_read(3)  # a reset takes along what the other side has not read
            connection.transport.abort()
            return
        await stay(connection)

    def missed(number: int, query: Query) -> bytes:
        asked = range(int(query["from"]) // 1000, int(query["to"]) // 1000 + 1)
        found = [count for count in range(1, 20) if at // 1_000_000 + count in asked][:3]
        return response(f"[{','.join(moment(count) for count in found)}]".encode())

    api = Api(missed)
    async with peer(api) as rest, venue(script) as there, bench(database) as here:
        made = await here.start(
            api_url=there.url,
            backfill={
                "api_url": f"http://127.0.0.1:{rest.port}/history",
                "query_params": {"from": "{from}", "to": "{to}", "symbol": "{symbol}"},
                "limit": 3,
            },
        )

        async def filled() -> bool:
            return [gap.filled_at is not None for gap in await here.gaps(made)] == [True]

        await until(filled)
        events = await here.with_events(10)
        assert {int(json.loads(event.data)["trade_id"]) for event in events} == set(range(1, 11))
        assert api.queries[0]["symbol"] == "BTCUSDT"
        order = [int(json.loads(event.data)["trade_id"]) for event in events]
        assert order.index(5) < order.index(9)  # what was missed goes before what came after it
