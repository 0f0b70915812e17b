"""Any JSON, CSV and text: declared paths and rules, the usual names, the captures of Coinbase and Kraken by preset."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.errors import Invalid
from telemetra.formats.feed import FeedFormat, Reading, SequenceMark, feed_options
from telemetra.formats.feeds import make_format
from telemetra.formats.paths import Path
from telemetra.sources.presets import load_preset
from tests.support.feed_messages import NOW, data, make, read, received


def mapped(message: Any, mapping: dict[str, Any], name: str = "generic") -> Reading:
    payload = message if isinstance(message, str) else json.dumps(message)
    return make_format(name, feed_options("venue", mapping)).read(payload, NOW)


def preset_format(name: str, *, backfill: bool = False) -> FeedFormat:
    fields = load_preset(name).connector_fields({"instrument": "XBT/USD"})
    mapping = fields["backfill"]["mapping"] if backfill else fields["mapping"]
    return make_format(fields["format"], feed_options(fields["exchange_name"], mapping))


def test_coinbase_by_its_preset() -> None:
    feed, counts = preset_format("coinbase"), Counter[str]()
    numbers: dict[str, int] = {}
    for payload in received("COINBASE.ws.28.0"):
        message, reading = json.loads(payload), feed.read(payload, NOW)
        counts[reading.control or reading.drafts[0].type] += 1
        if reading.control:
            assert message["type"] == "subscriptions"
            continue
        (draft,) = reading.drafts
        stored = data(draft)
        assert stored["instrument"] == message["product_id"]
        if draft.type == "market.trade":
            assert message["type"] in {"match", "last_match"}
            assert (stored["price"], stored["size"]) == (message["price"], message["size"])
            assert stored["side"] != message["side"]  # the venue names the maker's side
            (mark,) = reading.sequences
            assert mark.first == numbers.get(draft.stream_id, mark.first - 1) + 1
            numbers[draft.stream_id] = mark.last
        elif draft.type == "market.ticker":
            assert (stored["last"], stored["bid"], stored["ask"]) == (
                message["price"],
                message["best_bid"],
                message["best_ask"],
            )
        else:
            assert stored["payload"] == message
    assert counts == {"connector.message": 9729, "market.ticker": 107, "market.trade": 107, "ack": 3}


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("KRAKEN.ws.48.0", {"heartbeat": 30, "ack": 11, "market.trade": 8}),
        ("KRAKEN.ws.49.0", {"heartbeat": 31, "ack": 11, "market.ticker": 18}),
        ("KRAKEN.ws.50.0", {"heartbeat": 31, "ack": 11, "connector.message": 4279}),
    ],
)
def test_kraken_arrays_by_its_preset(capture: str, expected: dict[str, int]) -> None:
    feed, counts = preset_format("kraken"), Counter[str]()
    for payload in received(capture):
        message, reading = json.loads(payload, parse_float=Decimal), feed.read(payload, NOW)
        counts[reading.control or reading.drafts[0].type] += 1
        for index, draft in enumerate(reading.drafts):
            stored = data(draft)
            assert stored["instrument"] == message[-1].replace("/", "-").replace("XBT", "BTC")
            if draft.type == "market.trade":
                price, size, time, side = message[1][index][:4]
                assert (stored["price"], stored["size"], stored["side"][0]) == (price, size, side)
                assert draft.timestamp == int(Decimal(time) * 1_000_000)
            elif draft.type == "market.ticker":
                assert (stored["last"], stored["bid"]) == (message[1]["c"][0], message[1]["b"][0])
    assert counts == expected


def test_krakens_second_version_and_its_trades_by_rest() -> None:
    item = {
        "symbol": "BTC/USD",
        "side": "sell",
        "price": 30243.3,
        "qty": 0.1,
        "ord_type": "limit",
        "trade_id": 61044953,
        "timestamp": "2023-07-06T19:06:38.280411Z",
    }
    pushed = preset_format("kraken").read(json.dumps({"channel": "trade", "type": "update", "data": [item]}), NOW)
    result = {
        "XXBTZUSD": [["30243.3", "0.1", 1688670398.280411, "s", "l", "", 61044953]],
        "last": "1688671969993150842",
    }
    answered = preset_format("kraken", backfill=True).read(json.dumps({"error": [], "result": result}), NOW)
    assert pushed.drafts[0].event_id == answered.drafts[0].event_id == "BTC-USD:trade:61044953"
    assert pushed.drafts[0].timestamp == answered.drafts[0].timestamp == 1_688_670_398_280_411
    assert pushed.sequences == answered.sequences == (SequenceMark("kraken:BTC-USD", "trade", 61044953, 61044953),)
    assert data(pushed.drafts[0])["price"] == "30243.3"
    refused = preset_format("kraken", backfill=True).read('{"error":["EQuery:Unknown asset pair"]}', NOW)
    assert (refused.control, refused.drafts) == ("error", [])


def test_declared_paths_for_a_venue_nobody_knows() -> None:
    mapping = {
        "paths": {
            "items": "payload.fills",
            "instrument": "^payload.market",
            "price": "deal.rate",
            "size": "deal.amt",
            "side": "bs",
            "trade_id": "no",
            "timestamp": "at",
        },
        "timestamp_unit": "s",
        "stream": "x:{instrument}:{exchange}",
    }
    fill = {"deal": {"rate": 0.1234567890123, "amt": "7"}, "bs": "B", "no": 5, "at": 1700000000.25}
    message = {"payload": {"market": "eth_usdt", "fills": [{**fill, "deal": {"rate": 0.12, "amt": "7"}}, fill]}}
    reading = mapped(message, mapping)
    first, second = reading.drafts
    assert (first.type, first.stream_id, first.event_id) == ("market.trade", "x:ETH-USDT:venue", "ETH-USDT:trade:5")
    assert first.timestamp == 1_700_000_000_250_000
    wanted = {"price": "0.12", "size": "7", "side": "buy", "trade_id": "5"}
    assert {name: data(first)[name] for name in wanted} == wanted
    assert second.type == "connector.message"  # 13 decimals
    assert (reading.control, reading.detail[:14]) == ("unknown", "item 1: price ")
    assert mapped({"hello": 1}, mapping).control == "unknown"


@pytest.mark.parametrize(
    ("message", "type_name", "stream", "price"),
    [
        ({"symbol": "BTCUSDT", "price": "61837.63"}, "market.ticker", "venue:BTC-USDT", "61837.63"),
        ({"instId": "ETH-USDT", "px": 1.5, "sz": 2, "side": "buy"}, "market.trade", "venue:ETH-USDT", "1.5"),
        ({"pair": "XBT/USD", "last": 1e-7}, "market.ticker", "venue:BTC-USD", "0.0000001"),
        ({"s": "ETHBTC", "p": "-0.5", "c": "0.07"}, "market.ticker", "venue:ETH-BTC", "0.07"),
        ({"a": {"b": {"symbol": "A-B", "close": 5}}}, "market.ticker", "venue:A-B", "5"),
        ({"a": {"b": {"c": {"d": {"e": {"symbol": "A-B", "price": 5}}}}}}, "connector.message", "venue@message", None),
        ({"price": 5, "unit": "ppm"}, "connector.message", "venue@message", "5"),
        ({"symbol": "A-B", "temperature": 5}, "connector.message", "venue:A-B@message", None),
        ([[1, 2], [3, 4]], "connector.message", "venue@message", None),
        (5, "connector.message", "venue@message", None),
        (None, "connector.message", "venue@message", None),
    ],
)
def test_the_usual_names(message: Any, type_name: str, stream: str, price: str | None) -> None:
    draft = mapped(message, {}).drafts[0]
    assert (draft.type, draft.stream_id) == (type_name, stream)
    stored = data(draft)
    assert stored.get("price", stored.get("last")) == price


@pytest.mark.parametrize(
    ("message", "control"),
    [
        ({"event": "heartbeat"}, "heartbeat"),
        ({"type": "subscriptions", "channels": []}, "ack"),
        ({"type": "error", "message": "no"}, "error"),
        ({"error": {"code": 5}}, "error"),
        ({"error": [], "result": {"symbol": "A-B", "price": 1}}, ""),
        ("ping", "heartbeat"),
        ("", "heartbeat"),
        ('{"broken": ', "unknown"),
        ('{"a": NaN}', "unknown"),
    ],
)
def test_what_is_no_data(message: Any, control: str) -> None:
    assert mapped(message, {}).control == control


def test_csv_with_and_without_a_header_line() -> None:
    headed = mapped("symbol,price,size,trade_id\nBTCUSDT,1.5,2,7\nETHUSDT,2.5,1,8\n", {}, "csv")
    assert [draft.event_id for draft in headed.drafts] == ["BTC-USDT:trade:7", "ETH-USDT:trade:8"]
    named = mapped("BTCUSDT,1.5\n", {"columns": ["symbol", "price"]}, "csv")
    assert [data(draft)["last"] for draft in named.drafts] == ["1.5"]
    unnamed = mapped("a,1\n", {"paths": {"price": "column2"}, "instrument": "A-B"}, "csv")
    assert data(unnamed.drafts[0])["last"] == "1"
    assert mapped('"open quote', {}, "csv").control == "unknown"
    assert len(mapped("symbol,price\nA-B,1\nC-D,2", {}).drafts) == 2  # generic sees it too


def test_text_is_kept_as_it_is() -> None:
    (draft,) = mapped("Breaking: rates unchanged", {"instrument": "USD"}, "text").drafts
    assert (draft.type, draft.stream_id) == ("connector.message", "venue:USD@text")
    assert data(draft)["payload"] == "Breaking: rates unchanged"


def test_auto_sees_the_venue_and_keeps_it() -> None:
    trade = {"instId": "BTC-USDT", "tradeId": "1", "px": "1", "sz": "1", "side": "buy", "ts": "1700000000000"}
    okx = make("auto", exchange="mine")
    assert okx.read('{"event":"subscribe","arg":{"channel":"trades"}}', NOW).control == "ack"
    pushed = okx.read(json.dumps({"arg": {"channel": "trades", "instId": "BTC-USDT"}, "data": [trade]}), NOW)
    assert pushed.drafts[0].event_id == "BTC-USDT:trade:1"
    assert okx.read("pong", NOW).control == "heartbeat"
    binance = make("auto", exchange="mine")
    event = {"e": "trade", "E": 1, "s": "BTCUSDT", "t": 5, "p": "1", "q": "1", "T": 1, "m": True, "M": True}
    assert binance.read(json.dumps(event), NOW).drafts[0].event_id == "BTC-USDT:trade:5"
    assert binance.read('{"result":null,"id":1}', NOW).control == "ack"
    quote = {"u": 1, "s": "BTCUSDT", "b": "1.0", "B": "1", "a": "2.0", "A": "1"}
    assert data(make("auto", exchange="mine").read(json.dumps(quote), NOW).drafts[0])["last"] == "1.5"
    chat = make("auto", exchange="mine")
    assert chat.read("PING :tmi.twitch.tv\r\n", NOW).replies == ("PONG :tmi.twitch.tv",)
    assert chat.read("@user-id=1;id=m :n!n@h PRIVMSG #c :hi", NOW).drafts[0].type == "chat.message"
    other = make("auto", exchange="mine", instrument="X-Y")
    assert data(other.read('{"price": 5}', NOW).drafts[0])["last"] == "5"
    declared = make("auto", exchange="mine", instrument="X-Y", paths={"price": "arg.v"})
    assert data(declared.read('{"arg":{"v":7},"data":[]}', NOW).drafts[0])["last"] == "7"


@pytest.mark.parametrize(
    ("name", "exchange", "mapping", "field"),
    [
        ("okex", "x", {}, "format"),
        ("okx", "No Spaces", {}, "exchange_name"),
        ("generic", "x", {"paths": {"price": "a["}}, "mapping.paths.price"),
        ("generic", "x", {"paths": {"prize": "a"}}, "mapping.paths.prize"),
        ("generic", "x", {"paths": {"price": ""}}, "mapping.paths.price"),
        ("generic", "x", {"paths": {"price": 5}}, "mapping.paths[...]"),
        ("generic", "x", {"rules": [{"means": "trade", "when": {"(": 1}}]}, "mapping.rules[0].when.("),
        ("generic", "x", {"rules": [{"means": "deal"}]}, "mapping.rules[0].means"),
        ("generic", "x", {"stream": "{exchange}:{symbol}"}, "mapping.stream"),
        ("generic", "x", {"streams": "a"}, "mapping"),
        ("generic", "x", {"timestamp_unit": "minutes"}, "mapping.timestamp_unit"),
    ],
)
def test_what_is_declared_wrongly_is_named(name: str, exchange: str, mapping: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_format(name, feed_options(exchange, mapping))
    assert caught.value.field == field


def test_ids_of_messages_without_one_are_stable_and_differ_by_content() -> None:
    def ids(message: Any) -> list[str]:
        return [draft.event_id for draft in read("generic", message).drafts]

    items = [{"n": 1}, {"n": 1}]
    assert ids(items) == ids(items)
    assert len(set(ids(items))) == 2
    assert set(ids(items)).isdisjoint(ids([{"n": 1}, {"n": 2}]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc[].0", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
steps = st.lists(st.sampled_from([".a", ".b", ".c", "[0]", "[1]", "[-1]", "[-2]", "[9]"]), min_size=1, max_size=5)


@given(json_values, steps)
@settings(max_examples=300)
def test_simple_paths_mean_what_the_library_says(value: Any, parts: list[str]) -> None:
    text = "".join(parts).removeprefix(".")
    assert Path(text, "f").search(value, None) == jmespath.search(text, value)
