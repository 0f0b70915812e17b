"""The feed server of the tests does what venues do, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.support.feeds import catalogue, control
from tests.support.feeds.frames import Recording, irc_recording
from tests.support.feeds.player import UNLIMITED
from tests.support.feeds.record import waits
from tests.support.feeds.rest import binance
from tests.support.feeds.server import FeedServer
from tests.support.feeds.synthetic import Synthetic
from tests.support.feeds.venues import Binance, Plain
from tests.support.market_reference import binance_trades, minutes
from tests.support.shared import shared_data

TRADES = [
    f'{{"stream":"btcusdt@trade","data":{{"e":"trade","s":"BTCUSDT","t":{n},"p":"1.5","q":"2","T":{n},"m":true,"M":true}}}}'
    for n in range(40)
]


@asynccontextmanager
async def running(server: FeedServer) -> AsyncIterator[FeedServer]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def numbered(count: int = 20, seconds: float = 0.01) -> Recording:
    recording = irc_recording(str(number) for number in range(count))
    recording.frames = [frame._replace(at=number * seconds) for number, frame in enumerate(recording.frames)]
    return recording


def url(server: FeedServer, path: str = "/") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


async def received(client: ClientConnection, count: int) -> list[str]:
    async with asyncio.timeout(10):
        return [str(await client.recv()) for _ in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_plays_with_the_timing_of_the_recording_divided_by_the_speed() -> None:
    async with running(FeedServer(Plain(), numbered(11, 0.2), speed=10)) as server, connect(url(server)) as client:
        started = asyncio.get_running_loop().time()
        assert await received(client, 11) == [str(number) for number in range(11)]
        assert 0.19 < asyncio.get_running_loop().time() - started < 1.0


async def test_stands_still_while_nobody_listens_and_sends_again_what_may_be_lost() -> None:
    async with running(FeedServer(Plain(), numbered(), speed=10)) as server:
        server.faults.resend = 3
        server.player.at([10], server.cut)
        seen = []
        with pytest.raises(ConnectionClosed):
            async with connect(url(server)) as client:
                while True:
                    seen.append(str(await client.recv()))
        assert server.player.position == 10
        async with connect(url(server)) as client:
            again = await received(client, 13)
        assert again == [str(number) for number in range(7, 20)]
        assert set(seen) | set(again) == {str(number) for number in range(20)}
        assert [contact.kind for contact in server.record.contacts] == ["websocket", "websocket"]


async def test_a_live_venue_goes_on_and_tells_over_rest_what_was_missed() -> None:
    recording = irc_recording(TRADES)
    server = FeedServer(Binance(), recording, speed=50, hold=False, door=binance)
    async with running(server):
        server.player.at([10], server.cut)
        path = "/stream?streams=btcusdt@trade"
        async with connect(url(server, path)) as client:
            with pytest.raises(ConnectionClosed):
                while True:
                    await client.recv()
        await until(lambda: server.player.done)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            recent = (await http.get("/api/v3/trades", params={"symbol": "BTCUSDT", "limit": 5})).json()
            assert [trade["id"] for trade in recent] == [35, 36, 37, 38, 39]
            missed = (await http.get("/api/v3/historicalTrades", params={"symbol": "BTCUSDT", "fromId": 8})).json()
            assert [trade["id"] for trade in missed] == list(range(8, 40))
            assert (await http.get("/api/v3/trades", params={"symbol": "BTC-USDT"})).status_code == 400


@pytest.mark.parametrize(
    ("name", "say", "answers", "then"),
    [
        (
            "okx",
            [{"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}],
            ['"event": "subscribe"'],
            '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data"',
        ),
        ("okx", [{"op": "subscribe", "args": [{"channel": "trades", "instId": "NO-SUCH"}]}], ["60018"], None),
        ("okx", [{"op": "login", "args": [{"passphrase": "wrong"}]}], ["60009"], None),
        ("okx", ["ping"], ["pong"], None),
        ("binance-2021", [{"method": "SUBSCRIBE", "params": ["blzeth@depth@100ms"], "id": 7}], ['"id": 7'], '{"e":'),
        (
            "coinbase",
            [{"type": "subscribe", "product_ids": ["BAND-GBP"], "channels": ["ticker"]}],
            ['"subscriptions"'],
            '{"type":"ticker"',
        ),
        (
            "kraken",
            [{"event": "subscribe", "pair": ["XMR/USD"], "subscription": {"name": "book", "depth": 1000}}],
            ["systemStatus", '"book-1000"'],
            "[992,",
        ),
        (
            "twitch",
            ["CAP REQ :twitch.tv/tags\r\nNICK justinfan1", "JOIN #pajlada"],
            ["CAP * ACK", "366"],
            "@badge-info",
        ),
        ("twitch", ["PASS oauth:wrong\r\nNICK someone"], ["Login authentication failed"], None),
    ],
)
async def test_venues_answer_as_the_real_ones(name: str, say: list[Any], answers: list[str], then: str | None) -> None:
    server = catalogue.make(name, data=shared_data(), speed=UNLIMITED)
    path = {"okx": "/ws/v5/public", "binance-2021": "/ws/"}.get(name, "/")
    async with running(server), connect(url(server, path), max_size=None, close_timeout=0.1) as client:
        for message in say:
            await client.send(message if isinstance(message, str) else json.dumps(message))
        for answer in answers:
            assert answer in (await received(client, 1))[0]
        if then is not None:
            assert (await received(client, 1))[0].startswith(then)
        assert len(server.record.heard) == len(say)


async def test_open_and_silent_with_and_without_pongs() -> None:
    async with running(FeedServer(Plain(), numbered(), speed=10)) as server, connect(url(server)) as client:
        await received(client, 2)
        server.stall()
        await until(lambda: not server.player.going)
        await asyncio.wait_for(await client.ping(), 5)
        server.stall(deaf=True)
        pong = await client.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pong), 0.1)
        server.heal()
        await asyncio.wait_for(pong, 5)
        assert len(await received(client, 18)) == 18


async def test_delayed_reordered_and_closed_after_some() -> None:
    async with running(FeedServer(Plain(), numbered(20, 0.0))) as server:
        control.command(server, "set", delay_seconds=0.2, reorder=5, close_after=10, close_code=1012)
        started = asyncio.get_running_loop().time()
        async with connect(url(server)) as client:
            got = await received(client, 10)
            assert asyncio.get_running_loop().time() - started >= 0.2
            with pytest.raises(ConnectionClosed) as caught:
                await received(client, 1)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1012
        assert got != sorted(got, key=int)
        assert sorted(got[:5], key=int) == list("01234")


async def test_wrong_answers_at_the_handshake_over_http_and_no_answer_at_all() -> None:
    async with running(FeedServer(Plain(), numbered())) as server:
        server.answer(401, where="handshake", times=1)
        server.answer(None, where="handshake", times=1)
        with pytest.raises(InvalidStatus) as caught:
            await connect(url(server))
        assert caught.value.response.status_code == 401
        with pytest.raises(InvalidMessage):
            await connect(url(server))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            server.answer(429, times=1, headers={"Retry-After": "2"})
            server.answer(None, times=1)
            assert (await http.get("/x")).headers["Retry-After"] == "2"
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get("/x")
            assert (await http.get("/x")).status_code == 404
            assert (await http.post("/_feeds/set", params={"refusing": "true"})).status_code == 200
            assert server.faults.refusing
            with pytest.raises(httpx.TransportError):
                await http.get("/x")
        server.heal()
        await server.listen(False)
        with pytest.raises(ConnectionRefusedError):
            await connect(url(server))
        await server.listen(True)
        async with connect(url(server)) as client:
            await received(client, 1)
        kinds = Counter(contact.kind for contact in server.record.contacts)
        assert kinds == {"handshake answered": 2, "http answered": 2, "http": 1, "refused": 1, "websocket": 1}
        assert len(waits(server.record.contacts)) == 6


async def test_the_venues_times_are_moved_to_today_by_as_much_as_its_clock_was_ahead() -> None:
    server = catalogue.make("binance", data=shared_data(), frames=20, speed=10, today=True)
    async with running(server), connect(url(server, "/ws/btcusdt@trade")) as client:
        message = json.loads((await received(client, 1))[0])
        assert 0 < message["E"] / 1000 - time.time() < 1.5
        assert message["E"] - message["T"] == 1


async def test_synthetic_trades_keep_their_rate_and_carry_the_time_they_were_sent() -> None:
    synthetic = Synthetic(rate=200, seconds=0.5)
    await synthetic.start()
    async with connect(f"ws://127.0.0.1:{synthetic.port}/ws/S001USDT") as client:
        started = asyncio.get_running_loop().time()
        messages = [json.loads(text) for text in await received(client, 100)]
        assert 0.4 < asyncio.get_running_loop().time() - started < 2
    await synthetic.stop()
    assert [message["t"] for message in messages] == list(range(100))
    assert all(message["s"] == "S001USDT" for message in messages)
    assert messages[0]["sent_us"] < messages[-1]["sent_us"]


def test_every_name_can_be_played_and_the_program_explains_itself() -> None:
    written = {"coinbase-documented", "kraken-v2"}  # by hand, a few of each form
    for name in catalogue.NAMES:
        assert len(catalogue.make_recording(name, shared_data()).frames) >= (5 if name in written else 60)
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.feeds", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "--speed" in run.stdout
    assert "curl" in run.stdout


def test_the_reference_of_the_binance_file() -> None:
    """Figures that were counted by hand from the file: no trade is missing, and each is in one minute."""
    trades = binance_trades(shared_data("exchange", "binance-spot-btcusdt-2024-08-08.txt.gz"))
    assert len(trades) == 9_757
    assert max(t.trade_id for t in trades) - min(t.trade_id for t in trades) + 1 == 9_757
    rows = minutes(trades)
    assert sum(row.trades for row in rows) == 9_757
    assert sum(row.volume for row in rows) == sum((trade.size for trade in trades), Decimal(0))
    assert all(row.low <= row.vwap <= row.high for row in rows)
    assert all(row.low <= min(row.open, row.close) and max(row.open, row.close) <= row.high for row in rows)
