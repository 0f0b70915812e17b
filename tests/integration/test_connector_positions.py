"""How far a polled source was read outlives the process, in step with what is durable."""

from __future__ import annotations

import json
import time

import pytest

from telemetra.model.connector import ConnectorConfig
from telemetra.operations.connector_fields import read_config
from telemetra.store import connectors as store
from telemetra.store.connector_status import get_status
from telemetra.store.database import Database
from tests.integration.test_connectors_rest import Api, Query, trades, url
from tests.support.connector_bench import GENERIC, SEALER, Bench, bench, trade, until
from tests.support.peer import peer, response

CURSOR = {"parameter": "cursor", "path": "next"}
WINDOW = {"start": "since", "end": "until", "unit": "ms", "overlap": 3, "initial": 60}
PAGED = {"paths": {"items": "items", "instrument": "s", "price": "p", "size": "v", "trade_id": "i", "timestamp": "t"}}


def page(number: int, query: Query) -> bytes:
    """Two trades of the page that the cursor names, and the next page."""
    at = int(query.get("cursor", "0"))
    items = [json.loads(trade(2 * at + count)) for count in (1, 2)]
    return response(json.dumps({"items": items, "next": str(at + 1)}).encode())


async def numbers(here: Bench) -> list[int]:
    return [int(json.loads(event.data)["trade_id"]) for event in await here.events()]


async def test_a_cursor_goes_on_after_a_restart(database: Database) -> None:
    api = Api(page)
    async with peer(api) as there:
        async with bench(database) as here:
            made = await here.start(api_url=url(there), polling_interval=100, cursor=CURSOR, mapping=PAGED)
            await here.with_events(6)
        stored = await get_status(database, "default", made.connector_id)
        events = len(await here.events())
        assert stored is not None and stored.position is not None
        assert stored.position.cursor == str(events // 2)  # the pages whose events are durable, and no more
        asked = len(api.queries)
        async with bench(database, owner="two") as there_again:
            await there_again.with_events(events + 4)
            assert api.queries[asked]["cursor"] == stored.position.cursor
            found = await numbers(there_again)
            assert found == list(range(1, len(found) + 1))  # nothing skipped, nothing asked for twice

            async def filled() -> bool:
                return [gap.filled_at is not None for gap in await there_again.gaps(made)] == [True]

            await until(filled)


async def test_a_time_window_goes_on_after_a_restart_with_its_overlap(database: Database) -> None:
    at = 1_700_000_000_000_000  # much older than the window: the position is the time that was asked for, not theirs
    api = Api(lambda number, query: trades(number + 1, at=at))
    async with peer(api) as there:
        async with bench(database) as here:
            await here.start(api_url=url(there), polling_interval=100, time_window=WINDOW)
            await here.with_events(3)
        events = len(await here.events())
        asked = len(api.queries)
        async with bench(database, owner="two") as again:
            await again.with_events(events + 1)
            since = int(api.queries[asked]["since"]) + 3000
            assert since in {int(query["until"]) for query in api.queries[max(0, asked - 3) : asked]}


async def test_a_time_whose_answer_is_an_error_is_asked_for_again(database: Database) -> None:
    def answer(number: int, query: Query) -> bytes:
        return response(b'{"error": "come back later"}') if number in (1, 2, 3) else trades(number + 1)

    api = Api(answer)
    async with peer(api) as there, bench(database) as here:
        await here.start(api_url=url(there), polling_interval=100, time_window=WINDOW)
        await here.with_events(3)
        starts = [int(query["since"]) for query in api.queries[:6]]
        assert starts[1] == starts[2] == starts[3] == starts[4] == int(api.queries[0]["until"]) - 3000
        assert starts[5] == int(api.queries[4]["until"]) - 3000


async def test_a_page_that_cannot_be_read_does_not_stop_a_cursor(database: Database) -> None:
    def answer(number: int, query: Query) -> bytes:
        at = int(query.get("cursor", "0"))
        bad = json.dumps({"rows": "moved", "next": str(at + 1)}).encode()
        return response(bad) if at == 1 else page(number, query)

    api = Api(answer)
    async with peer(api) as there, bench(database) as here:
        await here.start(api_url=url(there), polling_interval=100, cursor=CURSOR, mapping=PAGED)
        await here.with_events(4)
        assert (await numbers(here))[:4] == [1, 2, 5, 6]


@pytest.mark.parametrize(
    ("changed", "kept"), [({"polling_interval": 200}, True), ({"query_params": {"a": "2"}}, False)]
)
async def test_a_connector_that_asks_for_something_else_begins_at_the_start(
    database: Database, changed: dict[str, object], kept: bool
) -> None:
    api = Api(page)
    async with peer(api) as there:
        async with bench(database) as here:
            made = await here.start(api_url=url(there), polling_interval=100, cursor=CURSOR, mapping=PAGED)
            await here.with_events(4)
        before = made.config
        after = _changed(before, changed)
        await store.update_connector(
            database, SEALER, "default", made.connector_id, after, asks_anew=not after.asks_like(before)
        )
        asked = len(api.queries)
        async with bench(database, owner="two"):
            deadline = time.monotonic() + 20

            async def asks() -> bool:
                assert time.monotonic() < deadline
                return len(api.queries) > asked

            await until(asks)
        assert ("cursor" in api.queries[asked]) is kept


def _changed(config: ConnectorConfig, fields: dict[str, object]) -> ConnectorConfig:
    names = ("api_url", "polling_interval", "cursor", "mapping", "query_params")
    return read_config({"name": "test"} | GENERIC | {name: _plain(config, name) for name in names} | fields)


def _plain(config: ConnectorConfig, name: str) -> object:
    return CURSOR if name == "cursor" else getattr(config, name)
