"""OKX messages: every type by a file of its own, a capture, answers, acks and errors."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from telemetra.formats.feed import SequenceMark
from tests.support.feed_messages import NOW, data, files, make, read, received

# By name of the file: control, channels and instruments of the stream ids, price of the first event.
EXPECTED: dict[str, tuple[str, list[str], str | None]] = {
    "common_optional_string_to_u64": ("unknown", [], None),
    "http_balance_detail_new_fields": ("unknown", [], None),
    "http_balance_detail_old_fields": ("unknown", [], None),
    "http_cancel_algo_order_response": ("ack", [], None),
    "http_get_account_balance": ("", ["okx@message"], None),
    "http_get_account_positions-history": ("", ["okx:ETH-USDT-SWAP@message"], None),
    "http_get_candlesticks": ("", ["okx@candle"] * 2, "33783.9"),
    "http_get_candlesticks_full": ("", ["okx@candle"] * 2, "102820.4"),
    "http_get_funding_rate_history": ("", ["okx:BTC-USDT-SWAP@message"] * 2, None),
    "http_get_index_price": ("", ["okx:BTC-USDT@index-tickers"], "103895"),
    "http_get_mark_price": ("", ["okx:BTC-USDT-SWAP@mark-price"], "84660.1"),
    "http_get_order_book": ("", ["okx@books"], None),
    "http_get_orders_algo_history": ("", ["okx:ETH-USDT-SWAP@orders"], None),
    "http_get_orders_history": ("", ["okx:BTC-USDT-SWAP@orders"], "103698.9"),
    "http_get_orders_pending": ("", ["okx:BTC-USDT-SWAP@orders"], "103500"),
    "http_get_positions": ("", ["okx:BTC-USDT-SWAP@positions"], "10000"),
    "http_get_spread_orders": ("", ["okx:ETH-USD-SWAP_ETH-USD-231229@orders"], "1.25"),
    "http_get_spread_trades": ("", ["okx:ETH-USD-SWAP_ETH-USD-231229@orders"], "1.20"),
    "http_get_trades": ("", ["okx:BTC-USDT"] * 2, "102537.9"),
    "http_place_algo_order_rejected": ("error", [], None),
    "http_place_algo_order_response": ("ack", [], None),
    "http_place_order_response": ("unknown", [], None),
    "http_set_position_mode_response": ("", ["okx@message"], None),
    "http_transaction_detail": ("unknown", [], None),
    "http_transaction_detail_empty_fee": ("unknown", [], None),
    "ws_account": ("", ["okx@account"], None),
    "ws_account_empty": ("", ["okx@account"], None),
    "ws_bbo_tbt": ("", ["okx:BTC-USDT"], "8476.975"),
    "ws_books_snapshot": ("", ["okx:BTC-USDT@books"], None),
    "ws_books_update": ("", ["okx:BTC-USDT@books"], None),
    "ws_candle": ("", ["okx:BTC-USDT@candle1D"], "8548.26"),
    "ws_funding_rate": ("", ["okx:BTC-USDT-SWAP@funding-rate"], None),
    "ws_instruments": ("", ["okx:BTC-USDT-SWAP@instruments"], None),
    "ws_opt_summary": ("unknown", [], None),
    "ws_orders": ("", ["okx:BTC-USDT-SWAP@orders"], "103698.9"),
    "ws_orders_option": ("", ["okx:BTC-USD-250328-50000-C@orders"], "0.0325"),
    "ws_sprd_orders": ("", ["okx:BCH-USDT_BCH-USDT-SWAP@sprd-orders"], "1.0"),
    "ws_tickers": ("", ["okx:BTC-USDT"], "9999.99"),
    "ws_trades": ("", ["okx:BTC-USD"], "42219.9"),
}
MARKET = {"http_get_trades", "ws_trades", "ws_tickers", "ws_bbo_tbt"}


def test_every_type_of_message() -> None:
    contents = files("messages-okx")
    assert EXPECTED.keys() <= contents.keys()
    for name, content in contents.items():
        reading = read("okx", content)
        kinds = {draft.type.partition(".")[0] for draft in reading.drafts}
        if name in EXPECTED:
            control, streams, price = EXPECTED[name]
            assert (reading.control, [draft.stream_id for draft in reading.drafts]) == (control, streams), name
            first = data(reading.drafts[0]) if reading.drafts else {}
            assert first.get("price", first.get("last")) == price, name
        else:  # instruments, orders, tiers … of private or reference data
            assert (reading.control, kinds) == ("", {"connector"}), name
        assert kinds <= ({"market"} if name in MARKET else {"connector"}), name
        raws = [data(draft).get("raw", data(draft).get("payload")) for draft in reading.drafts]
        if raws:
            assert raws == json.loads(content)["data"], name  # every item, as it was received


def test_a_capture() -> None:
    counts: Counter[str] = Counter()
    feed = make("okx")
    numbers: dict[str, int] = {}
    for payload in received("OKX.ws.1.0"):
        message, reading = json.loads(payload), feed.read(payload, NOW)
        counts[reading.control] += 1
        if reading.control == "ack":
            assert message["event"] == "subscribe"
            continue
        (item,), (draft,) = message["data"], reading.drafts
        channel, instrument = message["arg"]["channel"], message["arg"]["instId"]
        stored = data(draft)
        assert (stored["instrument"], stored["message_type"], draft.source) == (instrument, channel, "okx")
        assert draft.timestamp == int(item["ts"]) * 1000
        counts[draft.type] += 1
        if draft.type == "market.trade":
            assert (stored["price"], stored["size"], stored["side"]) == (item["px"], item["sz"], item["side"])
            assert draft.event_id == f"{instrument}:trade:{item['tradeId']}"
            (mark,) = reading.sequences
            assert mark.first == numbers.get(draft.stream_id, mark.first - 1) + 1
            numbers[draft.stream_id] = mark.last
        elif draft.type == "market.ticker":
            assert (stored["last"], stored["bid"], stored["ask"]) == (item["last"], item["bidPx"], item["askPx"])
        else:
            assert (draft.stream_id, stored["payload"]) == (f"okx:{instrument}@books", item)
    expected = {"": 392, "ack": 18, "market.trade": 74, "market.ticker": 28, "connector.message": 290}
    assert counts == expected


def test_a_trade_is_the_same_by_rest_and_by_websocket() -> None:
    item = {
        "instId": "BTC-USDT",
        "tradeId": "130639474",
        "px": "42219.9",
        "sz": "0.12",
        "side": "buy",
        "ts": "1630048897897",
    }
    pushed = read("okx", {"arg": {"channel": "trades-all", "instId": "BTC-USDT"}, "data": [item]})
    answered = read("okx", {"code": "0", "msg": "", "data": [item]})
    assert pushed.drafts[0].event_id == answered.drafts[0].event_id == "BTC-USDT:trade:130639474"
    assert pushed.drafts[0].timestamp == answered.drafts[0].timestamp == 1630048897897000
    assert pushed.sequences == answered.sequences


def test_trades_put_into_one_take_all_their_numbers() -> None:
    item = {"instId": "A-B", "tradeId": "12", "px": "1", "sz": "2", "side": "sell", "ts": "1", "count": "3"}
    reading = read("okx", {"arg": {"channel": "trades", "instId": "A-B"}, "data": [item]})
    assert reading.sequences == (SequenceMark("okx:A-B", "trade", 10, 12),)


def test_the_numbers_of_books() -> None:
    contents = files("messages-okx")
    snapshot = read("okx", contents["ws_books_snapshot"]).sequences
    update = read("okx", contents["ws_books_update"]).sequences
    assert snapshot == (SequenceMark("okx:BTC-USDT@books", "books", 0, 123456),)
    assert update == (SequenceMark("okx:BTC-USDT@books", "books", 123457, 123457),)


@pytest.mark.parametrize(
    ("message", "control", "refused", "reconnect"),
    [
        ("pong", "heartbeat", False, False),
        (
            {"event": "subscribe", "arg": {"channel": "trades", "instId": "BTC-USDT"}, "connId": "a4d3ae55"},
            "ack",
            False,
            False,
        ),
        ({"event": "login", "code": "0", "msg": "", "connId": "x"}, "ack", False, False),
        ({"event": "channel-conn-count", "channel": "orders", "connCount": "2"}, "ack", False, False),
        ({"event": "channel-conn-count-error", "channel": "orders", "connCount": "30"}, "error", False, False),
        ({"event": "notice", "code": "64008", "msg": "The connection will soon be closed"}, "ack", False, True),
        ({"event": "error", "code": "60018", "msg": "Wrong URL or channel doesn't exist"}, "error", False, False),
        ({"event": "error", "code": "60014", "msg": "Requests too frequent"}, "error", False, False),
        ({"event": "error", "code": "60006", "msg": "Timestamp request expired"}, "error", False, False),
        ({"event": "error", "code": "60009", "msg": "Login failed."}, "error", True, False),
        ({"event": "error", "code": "60007", "msg": "Invalid sign"}, "error", True, False),
        ({"event": "login", "code": "60024", "msg": "Wrong passphrase"}, "error", True, False),
        ({"event": "error", "code": 60011, "msg": "Please log in"}, "error", True, False),
        ({"code": "50111", "msg": "Invalid OK-ACCESS-KEY", "data": []}, "error", True, False),
        ({"code": "50011", "msg": "Rate limit reached.", "data": []}, "error", False, False),
        ({"code": "51001", "msg": "Instrument ID doesn't exist", "data": []}, "error", False, False),
        ({"code": "0", "msg": "", "data": []}, "ack", False, False),
        ({"event": "something new"}, "unknown", False, False),
        ({"hello": "world"}, "unknown", False, False),
        ("<html>502 Bad Gateway</html>", "unknown", False, False),
        ('{"arg":{"channel":"trades"},"data":[{"px":"1', "unknown", False, False),
    ],
)
def test_what_is_no_data(message: Any, control: str, refused: bool, reconnect: bool) -> None:
    reading = read("okx", message)
    assert (reading.control, reading.refused, reading.reconnect, reading.drafts) == (control, refused, reconnect, [])
    if control in {"error", "unknown"}:
        assert reading.detail


def test_numbers_that_do_not_fit_are_kept_as_a_message_with_the_reason() -> None:
    good = {"instId": "A-B", "tradeId": "1", "px": "1.5", "sz": "2", "side": "sell", "ts": "1700000000000"}
    items = [good, {**good, "tradeId": "2", "px": "1e13"}, {**good, "tradeId": "3", "px": "0.0000000000001"}]
    reading = read("okx", {"arg": {"channel": "trades", "instId": "A-B"}, "data": items})
    assert [draft.type for draft in reading.drafts] == ["market.trade", "connector.message", "connector.message"]
    assert [data(draft).get("payload") for draft in reading.drafts[1:]] == items[1:]
    assert (reading.control, reading.detail[:8]) == ("unknown", "item 2: ")
    assert reading.sequences[0].last == 1
    one_sided = read(
        "okx", {"arg": {"channel": "bbo-tbt", "instId": "A-B"}, "data": [{"asks": [], "bids": [["1", "1"]]}]}
    )
    assert [draft.type for draft in one_sided.drafts] == ["connector.message"]
    assert one_sided.control == "unknown"
