"""From what venues send to what the API shows: formats, the pipeline over a real database, minutes and streams."""

from __future__ import annotations

from decimal import Context, Decimal

import msgspec

from telemetra.formats.draft import Draft
from telemetra.model.event import Event
from telemetra.model.window import SECOND
from telemetra.operations.recompute import recompute
from telemetra.store.database import Database
from tests.support.api import api_client
from tests.support.engine import REGISTRY, START
from tests.support.feed_messages import make
from tests.support.pipeline import DrivenPipeline

MILLISECONDS = START // 1000
BINANCE, OKX, BOOKS = "binance:BTC-USDT", "okx:BTC-USDT", "okx:BTC-USDT@books"


def stored(draft: Draft, received_at: int) -> Event:
    """As intake hands it to the log."""
    timestamp = received_at if draft.timestamp is None else draft.timestamp
    data = msgspec.json.encode(draft.data)
    return Event(draft.event_id, draft.type, "default", draft.stream_id, draft.source, timestamp, received_at, data)


def messages(second: int) -> list[tuple[str, object]]:
    at = MILLISECONDS + second * 1000
    arg = {"channel": "trades-all", "instId": "BTC-USDT"}
    trade = {"instId": "BTC-USDT", "tradeId": str(second), "px": "100.5", "sz": "0.1", "side": "buy", "ts": str(at)}
    book = {"asks": [], "bids": [], "ts": str(at), "seqId": second, "prevSeqId": second - 1}
    event = {"e": "trade", "E": at, "s": "BTCUSDT", "t": second, "p": f"{100 + second % 7}.25", "q": "0.5", "T": at}
    return [
        ("binance", {"stream": "btcusdt@trade", "data": {**event, "m": second % 2 == 0, "M": True}}),
        ("binance", {"u": second, "s": "BTCUSDT", "b": "100.0", "B": "1", "a": "100.5", "A": "1"}),
        ("okx", {"arg": arg, "data": [trade]}),
        ("okx", {"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": "update", "data": [book]}),
    ]


async def test_two_venues_side_by_side(database: Database) -> None:
    feeds = {name: make(name) for name in ("binance", "okx")}
    events = []
    for second in range(0, 200, 2):
        received_at = START + second * SECOND + SECOND // 2
        for name, message in messages(second):
            reading = feeds[name].read(msgspec.json.encode(message), received_at)
            assert reading.control == ""
            events += [stored(draft, received_at) for draft in reading.drafts]
    driven = DrivenPipeline(database)
    await driven.feed(events + events[-4:])  # and some once more
    await driven.catch_up()
    assert await driven.ledger() == {"received": 404, "counted": 400, "duplicate": 4}

    async with api_client(database, clock=lambda: START + 201 * SECOND) as client:
        streams = {each["stream_id"]: each for each in (await client.get("/api/v1/streams")).json()}
        assert {name: each["kind"] for name, each in streams.items()} == {
            BINANCE: "market",
            OKX: "market",
            BOOKS: "feed",
        }
        assert {each["is_live"] for each in streams.values()} == {True}
        rows = (await client.get(f"/api/v1/streams/{BINANCE}/metrics")).json()
        minute = rows[-1]
        shown = ("open", "high", "low", "close", "volume", "vwap", "spread", "trade_count", "price_basis")
        prices = [100 + second % 7 for second in range(0, 60, 2)]
        assert [minute[name] for name in shown] == [
            f"{prices[0]}.25",
            f"{max(prices)}.25",
            f"{min(prices)}.25",
            f"{prices[-1]}.25",
            "15.00",
            f"{Context(prec=28).divide(Decimal(sum(prices)) + Decimal('7.5'), Decimal(30)):f}",
            "0.5",
            30,
            "trades",
        ]
        assert (await client.get(f"/api/v1/streams/{BOOKS}/metrics")).json() == []
        (newest,) = (await client.get(f"/api/v1/streams/{BOOKS}/events", params={"limit": 1})).json()
        assert (newest["type"], newest["data"]["payload"]["seqId"]) == ("connector.message", 198)
        assert (await client.get(f"/api/v1/streams/{BOOKS}/moments")).json() == []

    report = await recompute(database, REGISTRY, "default", START, START + 60 * SECOND)
    assert (report.minutes_changed, report.refused) == (0, [])
    assert report.minutes >= 2
