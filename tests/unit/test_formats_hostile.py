"""Whatever a source sends, reading it raises nothing, keeps what it made storable, and takes time in proportion."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.formats.feed import FeedFormat, FeedOptions
from telemetra.formats.feeds import FORMATS, make_format
from tests.support.engine import REGISTRY
from tests.support.feed_messages import NOW

OPTIONS = FeedOptions(
    "x", instrument="A-B", paths={"price": "to_number(a.b)", "items": "data", "size": "sum(@)", "side": "join('', @)"}
)
WORDS = "arg data e s p q T t m a b k c u code msg event channel instId last px sz stream result"
NAMES = WORDS.split()
SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(NAMES) | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def formats() -> list[FeedFormat]:
    return [make_format(name, FeedOptions("x")) for name in FORMATS] + [make_format("generic", OPTIONS)]


def check(payload: str | bytes) -> None:
    for feed in formats():
        reading = feed.read(payload, NOW)
        assert reading.control in {"", "ack", "heartbeat", "error", "unknown"}
        assert len(reading.detail) <= 500
        for draft in reading.drafts:
            assert 1 <= len(draft.event_id) <= 200
            assert 1 <= len(draft.stream_id) <= 200
            declared = REGISTRY.types[draft.type]
            assert draft.timestamp is None or draft.timestamp >= 0
            encoded = msgspec.json.encode(draft.data)
            # Intake refuses what it cannot store: a chat text that is too long, lone surrogates in what was received.
            if draft.type != "chat.message" and b"\\ud8" not in encoded:
                decoded = REGISTRY.decoders[draft.type].decode(encoded)
                assert declared.check is None or declared.check(decoded) is None


@given(st.binary(max_size=200) | st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes(payload: str | bytes) -> None:
    check(payload)


@given(SOME_JSON)
@settings(max_examples=200, deadline=None)
def test_any_json(value: Any) -> None:
    check(json.dumps(value))


MESSAGES = [
    '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1","px":"1","sz":"2","ts":"3"}]}',
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":5,"p":"1","q":"1","T":1,"m":true,"M":true}}',
    '{"u":1,"s":"BTCUSDT","b":"1.0","B":"1","a":"2.0","A":"1"}',
    '[{"id":1,"price":"4","qty":"12","time":14,"isBuyerMaker":true}]',
    "@id=a;user-id=1;bits=5;tmi-sent-ts=1 :n!n@h PRIVMSG #c :hi",
    "symbol,price\nA-B,1\nC-D,2",
]


@given(st.sampled_from(MESSAGES), st.integers(0, 120), st.integers(0, 8), st.binary(max_size=6))
@settings(max_examples=200, deadline=None)
def test_messages_that_were_damaged(message: str, start: int, cut: int, put: bytes) -> None:
    raw = message.encode()
    check(raw[:start] + put + raw[start + cut :])


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"data":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"price":' + b"9" * 5000 + b',"symbol":"A-B"}',
        b'{"price":1e999999999,"symbol":"A-B"}',
        b'{"price":1e-999999999,"symbol":"A-B","ts":1e999999}',
        b'{"symbol":"A-B","price":1,"ts":' + b"9" * 6000 + b"}",
        b'{"e":"trade","E":1,"s":"BTCUSDT","t":' + b"9" * 30 + b',"p":"1","q":"1","T":1,"m":true}',
        b'{"arg":{"channel":"trades","instId":"A-B"},"data":[{"tradeId":"' + b"9" * 5000 + b'","px":"1","sz":"1"}]}',
        b'{"symbol":"\\ud800","price":1,"type":"\\ud800"}',
        b'{"symbol":"A-B","price":1,"type":"\\u0000"}',
        b'{"symbol":"' + b"A" * 5000 + b'","price":1}',
        ('{"s":"' + "\ud800" + '"}'),
        "\x00",
        "\r\n" * 5,
        ":" * 3000,
        "@" + ";" * 5000 + " PRIVMSG #c :x",
    ],
    ids=range(17),
)
def test_the_hostile_ones(payload: str | bytes) -> None:
    check(payload)


SIZE = 10_000


@pytest.mark.parametrize(
    "build",
    [
        lambda size: '{"data":[' + ",".join(['{"a":"xxxxxxxxxx"}'] * (size // 19)) + "]}",
        lambda size: "[" + ",".join(['{"e":"x","s":"BTCUSDT"}'] * (size // 24)) + "]",
        lambda size: '{"code":"0","data":[' + ",".join(['{"instId":"A-B"}'] * (size // 17)) + "]}",
        lambda size: '{"bids":[' + ",".join(['["61837.63","0.5"]'] * (size // 19)) + '],"symbol":"A-B"}',
        lambda size: '{"a":"' + "x" * size + '"}',
        lambda size: "a b" * (size // 3),
        lambda size: "@a=b :n!n@h PRIVMSG #c :x\r\n" * (size // 27),
        lambda size: "@" + "a=\\\\" * (size // 5) + " PRIVMSG #c :x",
        lambda size: "a,b,c\n" * (size // 6),
        lambda size: '"' + '""' * (size // 2),
        lambda size: "A" * size + " ",
    ],
    ids=range(11),
)
def test_long_messages_are_read_in_proportion(build: Callable[[int], str]) -> None:
    """Eight times the length takes about eight times as long; where it is squared somewhere it takes 64 times."""
    for name in (*FORMATS, "declared"):

        def seconds(payload: str, name: str = name) -> float:
            feed = make_format("generic", OPTIONS) if name == "declared" else make_format(name, FeedOptions("x"))
            began = time.process_time()
            feed.read(payload, NOW)
            return time.process_time() - began

        short, long = build(SIZE), build(SIZE * 8)
        once, eight = (min(seconds(payload) for _ in range(3)) for payload in (short, long))
        assert eight < 32 * max(once, 0.002), name
