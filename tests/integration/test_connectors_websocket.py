"""WebSocket connectors against a venue that cuts, stalls, refuses, sends garbage and closes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from telemetra.store.database import Database
from tests.support.connector_bench import QUICK, bench, stay, trade, until, venue

ENOUGH = 400


async def test_what_is_received_is_in_the_log_and_in_the_status(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        for count in range(120):
            await connection.send(trade(count + 1))
        await connection.send('{"event":"subscribed"}')
        await stay(connection)

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url, subscribe_messages=[{"op": "subscribe"}, "hello"])
        events = await here.with_events(120)
        assert len(events) == 120
        assert {(event.source, event.stream_id, event.type) for event in events} == {
            ("venue", "venue:BTC-USDT", "market.trade")
        }
        (session,) = {event.session_id for event in events}
        assert session is not None
        assert session.startswith("ws-")
        assert {event.connector_id for event in events} == {made.connector_id}
        assert there.heard == ['{"op":"subscribe"}', "hello"]

        async def reported() -> bool:
            status = await here.status(made)
            return status.message_count == 120 and status.performance_metrics.get("no_data") == {"ack": 1}

        await until(reported)
        status = await here.status(made)
        assert (status.status, status.stale, status.session_id) == ("running", False, session)
        assert status.performance_metrics["latency_ms"]["p99"] is not None
        assert await here.gaps(made) == []
        await here.stop(made)
        await here.in_state(made, "stopped")
        await here.given_back(made)
        (batch,) = await database.fetch_all("SELECT * FROM websocket_batches")
        assert (batch["total_messages"], batch["instruments"], batch["exchange"]) == (120, ["BTC-USDT"], "venue")
        assert (batch["first_offset"], batch["last_offset"]) == (0, 119)


async def test_messages_that_are_no_data_are_counted_and_the_first_unknown_one_is_shown(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send('{"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USDT"}}')
        await connection.send("pong")
        await connection.send('{"event":"error","code":"60012","msg":"Illegal request: hush-hush"}')
        for _ in range(3):
            await connection.send("garbage hush-hush \x00")
        await stay(connection)

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url, format="okx", mapping={}, credentials={"key": "hush-hush"})

        async def counted() -> bool:
            said = (await here.status(made)).performance_metrics.get("no_data")
            return said == {"ack": 1, "heartbeat": 1, "error": 1, "unknown": 3}

        await until(counted)
        row = await database.fetch_one("SELECT connector_status::text AS text FROM connector_status")
        assert row is not None
        assert "hush" not in row["text"]
        assert "garbage **********" in row["text"]
        assert "Illegal request" in row["text"]
        assert await here.events() == []


async def test_ten_disconnects_lose_nothing_and_are_ten_gaps(database: Database) -> None:
    sent = iter(range(1, 10_000))
    at = 1_700_000_000_000_000

    async def script(connection: ServerConnection, number: int) -> None:
        for _ in range(10):
            current = next(sent)
            await connection.send(trade(current, at=at + current * 1_000_000))
        if number < 10:
            await here.having_read(10 * (number + 1))  # a reset takes along what the other side has not read
            connection.transport.abort()
            return
        await stay(connection)

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url)
        events = await here.with_events(110, 60)
        assert sorted(json.loads(event.data)["trade_id"] for event in events) == sorted(map(str, range(1, 111)))

        async def closed() -> bool:
            found = await here.gaps(made)
            return len(found) == 10 and all(gap.end is not None for gap in found)

        await until(closed)
        gaps = sorted(await here.gaps(made), key=lambda gap: gap.start)
        assert [(gap.reason, gap.stream_id, gap.filled_at) for gap in gaps] == [("disconnected", None, None)] * 10
        assert [(gap.start - at, (gap.end or 0) - at) for gap in gaps] == [
            (ten * 10_000_000, ten * 10_000_000 + 1_000_000) for ten in range(1, 11)
        ]
        assert ("default", ["venue:BTC-USDT"]) in here.invalidated
        status = await here.in_state(made, "running")
        assert status.session_id == events[0].session_id == events[-1].session_id


async def test_missing_numbers_are_a_gap_and_late_ones_fill_it(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        for count in (1, 2, 6, 7):
            await connection.send(trade(count))
        await known.wait()
        for count in (3, 4, 5):
            await connection.send(trade(count))
        await stay(connection)

    known = asyncio.Event()
    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url)

        async def noticed() -> bool:
            return bool(await here.gaps(made))

        await until(noticed)
        (gap,) = await here.gaps(made)
        assert (gap.reason, gap.stream_id, gap.missing) == ("missing_numbers", "venue:BTC-USDT", 3)
        known.set()

        async def filled() -> bool:
            return (await here.gaps(made))[0].filled_at is not None

        await until(filled)


@pytest.mark.parametrize("refusal", [401, 403])
async def test_a_refused_handshake_stops_with_an_error(database: Database, refusal: int) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus(refusal), "no")

    async def script(connection: ServerConnection, number: int) -> None:
        await stay(connection)

    async with venue(script, process_request=refuse) as there, bench(database) as here:
        made = await here.start(api_url=there.url)
        status = await here.in_state(made, "error")
        assert status.last_error is not None
        assert str(refusal) in status.last_error

        await here.given_back(made)
        row = await database.fetch_one("SELECT desired_state FROM api_connectors")
        assert row == {"desired_state": "stopped"}
        assert there.opened == []


async def test_a_close_code_that_means_unauthorized_stops_with_an_error(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.close(3000, "who are you, hush-hush?")

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url, credentials={"api_key": "hush-hush"})
        status = await here.in_state(made, "error")
        assert status.last_error == "closed by the source with code 3000 (who are you, **********?)"
        assert len(there.opened) == 1


async def test_attempts_are_limited_where_the_user_says_so(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        connection.transport.abort()

    async with venue(script) as there, bench(database, replace(QUICK, healthy_seconds=30)) as here:
        made = await here.start(api_url=there.url, max_reconnect_attempts=1)
        status = await here.in_state(made, "error")
        assert status.last_error == "gave up after 1 attempts to reconnect"
        assert len(there.opened) == 2
        assert there.opened[1] - there.opened[0] >= 0.5


async def test_a_silent_socket_is_stale_within_its_limit_and_opened_anew(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(trade(number + 1))
        await stay(connection)  # answers pings, and says nothing more

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url, stale_after=1.0)

        async def stale() -> bool:
            return (await here.status(made)).stale

        await until(stale)
        events = await here.with_events(2)
        assert len(events) >= 2
        assert len(there.opened) >= 2
        await here.with_error(made, "nothing was received for too long")

        async def noted() -> bool:
            return {gap.reason for gap in await here.gaps(made)} == {"disconnected"}

        await until(noted)


async def test_a_peer_that_answers_no_ping_is_left(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(trade(number + 1))
        connection.transport.pause_reading()
        await asyncio.sleep(30)

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url, ping={"interval": 1, "pong_timeout": 0.5})
        await here.with_events(2)
        await here.with_error(made, "no answer to a ping within 0.5 s")


async def test_text_pings_are_sent_and_their_answers_are_no_data(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(trade(1))
        async for message in connection:
            assert message == "ping"
            await connection.send("pong")

    async with venue(script) as there, bench(database) as here:
        there._listen = stay  # type: ignore[method-assign, assignment]  # the script listens itself
        made = await here.start(api_url=there.url, ping={"text": "ping", "interval": 1, "pong_timeout": 1})

        async def answered() -> bool:
            metrics = (await here.status(made)).performance_metrics
            return sum(metrics.get("no_data", {}).values()) >= 2

        await until(answered)
        assert len(there.opened) == 1


async def test_a_planned_change_of_connection_loses_nothing_and_is_no_gap(database: Database) -> None:
    numbers = iter(range(1, 100_000))
    open_now: set[ServerConnection] = set()

    async def script(connection: ServerConnection, number: int) -> None:
        open_now.add(connection)
        try:
            await stay(connection)
        finally:
            open_now.discard(connection)

    async def speak() -> None:
        while True:
            text = trade(next(numbers))
            for connection in list(open_now):
                with contextlib.suppress(ConnectionClosed):  # it was changed for a new one at this moment
                    await connection.send(text)
            await asyncio.sleep(0.005)

    async with venue(script) as there, bench(database) as here:
        speaking = asyncio.create_task(speak())
        made = await here.start(api_url=there.url, rotate_after=1)
        await until(lambda: _later(len(there.opened) >= 4))
        speaking.cancel()
        events = await here.events()
        ids = {int(json.loads(event.data)["trade_id"]) for event in events}
        assert ids == set(range(min(ids), max(ids) + 1))
        assert await here.gaps(made) == []
        status = await here.status(made)
        assert (status.status, status.reconnect_attempts, status.error_log) == ("running", 0, [])


async def test_a_planned_change_reads_the_old_connection_to_its_end(database: Database) -> None:
    """The log takes nothing while the connection changes, so that much is still on its way over the old one."""
    numbers = iter(range(1, 100_000))
    sent_on_old: list[int] = []
    changed = asyncio.Event()

    async def script(connection: ServerConnection, number: int) -> None:
        while number == 0 and not changed.is_set():
            for _ in range(5 if len(sent_on_old) < ENOUGH else 0):
                sent_on_old.append(next(numbers))
                await connection.send(trade(sent_on_old[-1]))
            await asyncio.sleep(0.002)
        for _ in range(10 if number == 1 else 0):
            await connection.send(trade(next(numbers)))
            changed.set()
        await stay(connection)

    async with venue(script) as there, bench(database, replace(QUICK, batch_messages=2)) as here:
        submit = here.intake.submit_drafts

        async def held(*arguments: Any, **named: Any) -> Any:
            await changed.wait()
            await asyncio.sleep(0.3)
            return await submit(*arguments, **named)

        here.intake.submit_drafts = held  # type: ignore[method-assign]
        await here.start(api_url=there.url, rotate_after=2)
        await asyncio.wait_for(changed.wait(), 20)
        here.intake.submit_drafts = submit  # type: ignore[method-assign]
        assert len(sent_on_old) == ENOUGH, "far more than the buffers before the log hold"
        await here.with_events(len(sent_on_old) + 10)
        ids = {int(json.loads(event.data)["trade_id"]) for event in await here.events()}
        assert ids == set(range(1, len(sent_on_old) + 11))


async def test_a_message_beyond_the_limit_ends_the_connection_and_not_the_connector(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        if number == 0:
            await connection.send("x" * 200_000)
        await connection.send(trade(number + 1))
        await stay(connection)

    async with venue(script) as there, bench(database, replace(QUICK, max_bytes=100_000)) as here:
        made = await here.start(api_url=there.url)
        await here.with_events(1)
        assert (await here.in_state(made, "running")).reconnect_attempts <= 1


async def test_a_change_begins_anew_and_a_deletion_ends(database: Database) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(trade(number + 1))
        await stay(connection)

    async with venue(script) as there, bench(database) as here:
        made = await here.start(api_url=there.url)
        await here.with_events(1)
        await database.execute("UPDATE api_connectors SET revision = revision + 1, api_url = api_url || '?changed'")
        events = await here.with_events(2)
        assert there.paths[-1].endswith("?changed")
        assert len({event.session_id for event in events}) == 2
        await database.execute("DELETE FROM api_connectors")
        await until(lambda: _later(here.manager.running == 0))
        assert made.connector_id


async def _later(value: bool) -> bool:
    return value
