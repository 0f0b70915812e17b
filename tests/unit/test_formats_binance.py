"""Binance messages: every type by a file of its own, captures, a recorded day, answers and errors."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from telemetra.formats.feed import SequenceMark
from tests.support.feed_messages import NOW, binance_day, data, files, make, read, received

F, S = "futures__market_data_json__", "spot__http_json__"
EXPECTED: dict[str, tuple[str, list[str], str | None]] = {
    F + "agg_trade_stream": ("market.trade", ["binance:BTC-USDT"], "0.001"),
    F + "book_ticker_stream": ("market.ticker", ["binance:BNB-USDT"], "25.35855000"),
    F + "depth_update_stream": ("connector.message", ["binance:BTC-USDT@depth"], None),
    F + "kline_stream_closed": ("connector.message", ["binance:BTC-USDT@kline_1m"], "0.0020"),
    F + "kline_stream_open": ("connector.message", ["binance:BTC-USDT@kline_1m"], "0.0020"),
    F + "liquidation_stream": ("connector.message", ["binance:BTC-USDT@forceOrder"], "9910.00000000"),
    F + "mark_price_stream": ("connector.message", ["binance:BTC-USDT@markPriceUpdate"], "11794.15000000"),
    F + "ticker_stream": ("market.ticker", ["binance:BTC-USDT"], "16584.60000000"),
    F + "trade_stream": ("market.trade", ["binance:BTC-USDT"], "0.001"),
    S + "account_response": ("connector.message", ["binance@account"], None),
    S + "account_trades_response": ("connector.message", ["binance:BNB-BTC@orders"], "4.00000100"),
    S + "all_orders_response": ("connector.message", ["binance:LTC-BTC@orders"], "0.1"),
    S + "avg_price_response": ("connector.message", ["binance@avgPrice"], "9.35751834"),
    S + "book_ticker_response": ("market.ticker", ["binance:LTC-BTC"], "4.00000100"),
    S + "cancel_order_response": ("connector.message", ["binance:LTC-BTC@orders"], "2.00000000"),
    S + "cancel_open_orders_response": (
        "connector.message",
        ["binance:BTC-USDT@orders"] * 2 + ["binance:BTC-USDT@message"],
        "0.089853",
    ),
    S + "depth_response": ("connector.message", ["binance@depth"], None),
    S + "exchange_info_response": ("connector.message", ["binance@exchangeInfo"], None),
    S + "klines_response": ("connector.message", ["binance@kline"], "0.01577100"),
    S + "new_order_full_response": ("connector.message", ["binance:BTC-USDT@orders"], "0.00000000"),
    S + "open_orders_response": ("connector.message", ["binance:LTC-BTC@orders"], "0.1"),
    S + "order_response": ("connector.message", ["binance:LTC-BTC@orders"], "0.1"),
    S + "ping_response": ("ack", [], None),
    S + "server_time_response": ("heartbeat", [], None),
    S + "ticker_24hr_response": ("market.ticker", ["binance:BNB-BTC"], "4.00000200"),
    S + "ticker_price_response": ("market.ticker", ["binance:LTC-BTC"], "4.00000200"),
    S + "trades_response": ("connector.message", ["binance@trade"], "4.00000100"),  # names no symbol
}


def test_every_type_of_message() -> None:
    contents = files("messages-binance")
    assert contents.keys() == EXPECTED.keys()
    for name, content in contents.items():
        reading = read("binance", content)
        kind, streams, price = EXPECTED[name]
        assert (reading.control or reading.drafts[0].type) == kind, name
        assert [draft.stream_id for draft in reading.drafts] == streams, name
        first = data(reading.drafts[0]) if reading.drafts else {}
        assert first.get("price", first.get("last")) == price, name
        raws = [data(draft).get("raw", data(draft).get("payload")) for draft in reading.drafts]
        if raws:
            message = json.loads(content)
            assert raws == (message if isinstance(message, list) else [message]), name


def test_combined_and_direct_are_the_same() -> None:
    for name, content in files("messages-binance").items():
        if name.startswith(F):
            event = json.loads(content)
            combined = read("binance", {"stream": f"x@{event['e']}", "data": event})
            direct = read("binance", event)
            (one,), (other,) = combined.drafts, direct.drafts
            assert (one.type, one.stream_id, one.timestamp, data(one)) == (
                other.type,
                other.stream_id,
                other.timestamp,
                data(other),
            )
            assert combined.sequences == direct.sequences


def test_a_trade_is_the_same_by_rest_and_by_websocket() -> None:
    pushed = {
        "e": "trade",
        "E": 9,
        "s": "BTCUSDT",
        "t": 28457,
        "p": "4.00000100",
        "q": "12",
        "T": 1499865549590,
        "m": True,
        "M": True,
    }
    answered = {
        "id": 28457,
        "price": "4.00000100",
        "qty": "12",
        "quoteQty": "48",
        "time": 1499865549590,
        "isBuyerMaker": True,
        "isBestMatch": True,
    }
    aggregated = {"a": 7, "p": "4.1", "q": "12", "f": 1, "l": 2, "T": 1499865549590, "m": False, "M": True}
    (by_socket,) = read("binance", pushed).drafts
    answer = read("binance", [answered, answered | {"id": 28458}], instrument="BTCUSDT")
    by_rest = answer.drafts[0]
    assert answer.sequences == tuple(SequenceMark("binance:BTC-USDT", "trade", n, n) for n in (28457, 28458))
    assert answer.sequences[:1] == read("binance", pushed).sequences
    assert by_socket.event_id == by_rest.event_id == "BTC-USDT:trade:28457"
    assert by_socket.timestamp == by_rest.timestamp == 1499865549590000
    assert data(by_socket)["side"] == data(by_rest)["side"] == "sell"  # the buyer was the maker
    (agg_rest,) = read("binance", [aggregated], instrument="BTC-USDT").drafts
    (agg_socket,) = read("binance", {"e": "aggTrade", "E": 9, "s": "BTCUSDT", **aggregated}).drafts
    assert agg_rest.event_id == agg_socket.event_id == "BTC-USDT:aggTrade:7"
    assert data(agg_rest)["side"] == data(agg_socket)["side"] == "buy"


def test_the_captures() -> None:
    counts: Counter[str] = Counter()
    feed = make("binance")
    last: dict[tuple[str, str], int] = {}
    for payload in received("BINANCE.ws.1.0"):
        event = json.loads(payload)["data"]
        reading = feed.read(payload, NOW)
        (draft,) = reading.drafts
        stored = data(draft)
        counts[draft.type] += 1
        assert stored["instrument"].replace("-", "") == event["s"]
        if "b" in event and "e" not in event:
            assert Decimal(stored["last"]) * 2 == Decimal(event["b"]) + Decimal(event["a"])
            assert (stored["mid"], draft.timestamp) == (True, None)
        for mark in reading.sequences:
            key = mark.stream_id, mark.channel
            assert mark.first == last.get(key, mark.first - 1) + 1
            last[key] = mark.last
    assert counts == {"connector.message": 179, "market.ticker": 84, "market.trade": 2}
    books = [read("binance", payload) for payload in received("BINANCE.http.0.0")]
    assert [[draft.stream_id for draft in book.drafts] for book in books] == [["binance@depth"]] * 4


def test_a_recorded_stream() -> None:
    feed = make("binance")
    number = None
    counts: Counter[str] = Counter()
    for line in binance_day(4000):
        reading = feed.read(line, NOW)
        assert reading.control == ""
        message = json.loads(line)
        (draft,) = reading.drafts
        counts[draft.type] += 1
        if "data" in message and message["data"].get("e") == "trade":
            event, stored = message["data"], data(draft)
            assert (stored["price"], stored["size"], draft.timestamp) == (event["p"], event["q"], event["T"] * 1000)
            assert reading.sequences == (SequenceMark("binance:BTC-USDT", "trade", event["t"], event["t"]),)
            assert number in (None, event["t"] - 1)
            number = event["t"]
    assert sum(counts.values()) == 4000
    assert counts["market.trade"] > 500
    assert counts["market.ticker"] > 1000


def test_lists_of_events_and_microseconds() -> None:
    tickers = [
        {
            "e": "24hrMiniTicker",
            "E": 1672515782136123,
            "s": symbol,
            "c": "1.5",
            "o": "1",
            "h": "2",
            "l": "1",
            "v": "9",
            "q": "9",
        }
        for symbol in ("BTCUSDT", "ETHBTC")
    ]
    reading = read("binance", {"stream": "!miniTicker@arr", "data": tickers})
    assert [(draft.stream_id, draft.timestamp) for draft in reading.drafts] == [
        ("binance:BTC-USDT", 1672515782136123),
        ("binance:ETH-BTC", 1672515782136123),
    ]
    assert [draft.event_id.rpartition(":")[2] for draft in reading.drafts] == ["0", "1"]


def test_a_partial_book_is_named_by_its_stream() -> None:
    book = {"lastUpdateId": 160, "bids": [["0.0024", "10"]], "asks": [["0.0026", "100"]]}
    (draft,) = read("binance", {"stream": "bnbbtc@depth20@100ms", "data": book}).drafts
    assert draft.stream_id == "binance:BNB-BTC@depth20"


def test_a_reading_without_a_time_of_its_own_is_a_new_one_each_time() -> None:
    feed = make("binance")
    ids = {feed.read(b'{"symbol":"LTCBTC","price":"4.00000200"}', NOW + wait).drafts[0].event_id for wait in (0, 5)}
    assert len(ids) == 2
    repeated = {read("binance", line).drafts[0].event_id for line in binance_day(1) * 2}
    assert len(repeated) == 1


@pytest.mark.parametrize(
    ("message", "control", "refused"),
    [
        ({"result": None, "id": 1}, "ack", False),
        ({"id": "x", "status": 200, "result": {}, "rateLimits": []}, "ack", False),
        ({"code": -1121, "msg": "Invalid symbol."}, "error", False),
        ({"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}, "error", False),
        ({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, "error", True),
        ({"code": -2014, "msg": "API-key format invalid."}, "error", True),
        ({"code": -1022, "msg": "Signature for this request is not valid."}, "error", True),
        ({"error": {"code": 2, "msg": "Invalid request: unknown variant"}, "id": 1}, "error", False),
        ({"id": 1, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}, "error", True),
        ([], "ack", False),
        ("hello", "unknown", False),
        ("123", "unknown", False),
        ('{"e":"trade","s":"BTC', "unknown", False),
        (b"\xff\xfe{}", "unknown", False),
    ],
)
def test_what_is_no_data(message: Any, control: str, refused: bool) -> None:
    reading = read("binance", message)
    assert (reading.control, reading.refused, reading.drafts) == (control, refused, [])
    assert reading.detail


def test_a_server_that_shuts_down_asks_for_a_new_connection() -> None:
    assert read("binance", {"e": "serverShutdown", "E": 1770123456789}).reconnect


def test_what_does_not_fit_is_kept_as_a_message_with_the_reason() -> None:
    trade = {"e": "trade", "E": 9, "s": "BTCUSDT", "t": 1, "p": "0", "q": "1", "T": 1, "m": True}
    for change in ({"p": "1e13"}, {"p": 5.5}, {"t": "one"}, {"q": "-1"}):
        reading = read("binance", trade | change)
        assert [draft.type for draft in reading.drafts] == ["connector.message"], change
        assert data(reading.drafts[0])["payload"] == trade | change
        assert (reading.control, reading.sequences) == ("unknown", ())
        assert reading.detail.startswith("trade: ")
    empty = {"u": 1, "s": "BTCUSDT", "b": "0.00000000", "B": "0", "a": "5.0", "A": "1"}
    reading = read("binance", empty)
    assert (reading.drafts[0].type, reading.detail) == ("connector.message", "bookTicker: a side of the book is empty")
