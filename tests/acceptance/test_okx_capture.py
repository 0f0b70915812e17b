"""A recorded OKX feed through the real program, beside Binance: instruments, prices, acks; one instrument twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.connectors import Connectors, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing
from tests.support.shared import shared_data

INSTRUMENTS = ("BTC-USD-220527", "UNI-USD-SWAP", "BTC-USDT")
CHANNELS = ("tickers", "trades", "books")
BINANCE_FRAMES = 3_000


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connectors]:
    """After both captures have been played."""
    shared_data("exchange", "captures", "OKX.ws.1.0")
    with serving(Path(tmp_path_factory.mktemp("okx"))) as server:
        connectors = Connectors(server.url)
        with (
            playing(lambda: catalogue.make("okx", speed=10)) as okx,
            playing(lambda: catalogue.make("binance", speed=20, frames=BINANCE_FRAMES)) as binance,
        ):
            arguments = [{"channel": channel, "instId": name} for channel in CHANNELS for name in INSTRUMENTS]
            ping = {"text": "ping", "interval": 1, "pong_timeout": 5}
            connectors.started(
                name="okx",
                api_url=okx.ws("/ws/v5/public"),
                exchange_name="okx",
                format="okx",
                subscribe_messages=[{"op": "subscribe", "args": arguments}],
                ping=ping,
            )
            connectors.started(
                name="binance",
                api_url=binance.ws("/ws/btcusdt@trade"),
                exchange_name="binance",
                format="binance",
            )
            okx.until_played()
            binance.until_played()
            stored = sum(item_count(text) for text in received_by_okx())
            until(lambda: len(of(connectors, "okx")) >= stored, lambda: (stored, len(of(connectors, "okx"))))
            assert any(heard.text == "ping" for heard in okx.record.heard)
        yield connectors


def received_by_okx() -> list[str]:
    recording = catalogue.make_recording("okx", shared_data())
    return [frame.text for frame in recording.frames if '"data"' in frame.text]


def item_count(text: str) -> int:
    return len(json.loads(text)["data"])


def of(connectors: Connectors, exchange: str) -> list[dict[str, Any]]:
    answer = connectors.get("/api/websocket/data", exchange=exchange, limit=100_000)
    messages: list[dict[str, Any]] = answer["data"]
    return messages


def test_a_capture_of_okx_beside_binance(connectors: Connectors) -> None:
    """One test, since one replay serves them all."""
    every_item_is_an_event_with_its_instrument_and_price(connectors)
    acks_and_pongs_are_no_data_and_no_error(connectors)
    one_instrument_of_two_sources_stands_side_by_side(connectors)


def every_item_is_an_event_with_its_instrument_and_price(connectors: Connectors) -> None:
    """The fields that each channel of OKX documents: px of trades, last of tickers."""
    expected: Counter[tuple[str, str, str | None]] = Counter()
    for text in received_by_okx():
        message = json.loads(text)
        channel, instrument = message["arg"]["channel"], message["arg"]["instId"]
        for item in message["data"]:
            expected[channel, instrument, {"trades": item.get("px"), "tickers": item.get("last")}.get(channel)] += 1
    found = Counter((row["message_type"], row["instrument"], row["price"]) for row in of(connectors, "okx"))
    assert {key: count for key, count in found.items() if key[0] != "books"} == {
        key: count for key, count in expected.items() if key[0] != "books"
    }
    assert Counter(key[1] for key in found.elements()) == Counter(key[1] for key in expected.elements())
    assert {key[1] for key in found} == set(INSTRUMENTS)


def acks_and_pongs_are_no_data_and_no_error(connectors: Connectors) -> None:
    rows = of(connectors, "okx")
    assert all("event" not in row["data"] for row in rows)
    assert not any(row["data"] == "pong" for row in rows)
    for connector in connectors.get("/api/connectors"):
        status = connectors.status(connector["connector_id"])
        assert status["error_log"] == [] or not any("subscribe" in str(error) for error in status["error_log"])
    assert connectors.ledger()["rejected"] == 0


def one_instrument_of_two_sources_stands_side_by_side(connectors: Connectors) -> None:
    answer = connectors.get("/api/websocket/data", instrument="BTC-USDT", limit=100_000)
    exchanges = Counter(row["exchange"] for row in answer["data"])
    assert set(exchanges) == {"okx", "binance"}
    streams = {stream["stream_id"]: stream for stream in connectors.get("/api/v1/streams", kind="market")}
    assert {"okx:BTC-USDT", "binance:BTC-USDT"} <= set(streams)
    assert all(":" in name for name in streams)
