"""Trying a connector out: one connection, what it would store, and what went wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from telemetra.clock import system_clock
from telemetra.errors import Invalid
from telemetra.operations.connector_fields import read_config
from telemetra.operations.connector_models import ProbeResult
from telemetra.sources.probe import probe
from telemetra.store.database import Database
from tests.support.connector_bench import GENERIC, QUICK, Bench, stay, trade, venue
from tests.support.peer import peer, response


@pytest.fixture
async def here(database: Database) -> Any:
    made = Bench(database)
    yield made
    assert await made.events() == []  # whatever was tried
    await made.guard.close()


async def ask(here: Bench, *, limit: int = 3, seconds: float = 5.0, **fields: Any) -> ProbeResult:
    return await probe(
        read_config({"name": "test"} | GENERIC | fields),
        intake=here.intake,
        guard=here.guard,
        clock=system_clock,
        options=QUICK,
        limit=limit,
        seconds=seconds,
    )


async def test_what_a_websocket_would_bring(here: Bench) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send('{"event":"subscribed"}')
        for count in range(100):
            ahead = 600_000_000 if count == 1 else 0
            await connection.send(trade(count, at=system_clock() + ahead))
        await stay(connection)

    async with venue(script) as there:
        result = await ask(here, api_url=there.url)
    assert (result.ok, result.error, len(result.events)) == (True, None, 3)
    assert [event.problem is None for event in result.events] == [True, False, True]
    assert (result.events[0].stream_id, result.events[0].type) == ("venue:BTC-USDT", "market.trade")
    assert [control.control for control in result.controls] == ["ack"]
    assert result.event_count >= 3


async def test_what_an_api_would_bring(here: Bench) -> None:
    async with peer(response(f"[{trade(1)},{trade(2)}]".encode())) as there:
        result = await ask(here, api_url=f"http://127.0.0.1:{there.port}/")
    assert (result.ok, result.messages, result.event_count) == (True, 1, 2)


async def test_what_goes_wrong_is_said_without_secrets(here: Bench) -> None:
    async with peer(response(b"", status="401 Unauthorized")) as there:
        result = await ask(here, api_url=f"http://127.0.0.1:{there.port}/")
    assert (result.ok, result.error) == (False, "the source answered HTTP 401")
    result = await ask(here, api_url="http://169.254.169.254/latest")
    assert result.error is not None
    assert "EGRESS_ALLOW" in result.error

    async def silent(connection: ServerConnection, number: int) -> None:
        await stay(connection)

    async with venue(silent) as there_too:
        result = await ask(here, api_url=there_too.url, seconds=0.5)
    assert (result.ok, result.error) == (False, "connected, but nothing was received within 0.5 s")

    async def deaf(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with peer(deaf) as nobody:
        result = await ask(here, api_url=f"http://127.0.0.1:{nobody.port}/", seconds=0.5)
    assert "within 0.5 s" in str(result.error)


async def test_a_wrong_declaration_is_refused(here: Bench) -> None:
    with pytest.raises(Invalid):
        await ask(here, api_url="ws://h/p", format="no-such-format")
