"""The small parts of a running connector: buffer, ids of polls, errors, numbers, requests."""

from __future__ import annotations

import pytest

from telemetra.errors import Invalid
from telemetra.formats.draft import Draft
from telemetra.operations.connector_fields import read_config
from telemetra.sources.buffer import ROOM_BYTES, ROOM_FACTOR, Buffer
from telemetra.sources.journal import Journal
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.performance import Performance
from telemetra.sources.recent_ids import RecentIds
from telemetra.sources.rest_poll import at_path, in_unit, retry_after_seconds
from telemetra.sources.tally import Tally

SECOND = 1_000_000
NOW = 1_700_000_000 * SECOND


def draft(event_id: str, stream_id: str = "s") -> Draft:
    return Draft(event_id, "connector.message", stream_id, NOW, {})


def test_a_buffer_is_full_at_its_batch_and_blocked_at_its_room() -> None:
    buffer = Buffer(50)
    assert buffer.empty
    for number in range(50 * ROOM_FACTOR):
        assert not buffer.blocked
        buffer.add([draft(str(number))], 10, number)
        assert buffer.full == (number >= 49)
    assert buffer.blocked
    batch = buffer.take()
    assert batch is not None
    assert (batch.messages, len(batch.drafts), batch.oldest, batch.newest) == (1000, 1000, 0, 999)
    assert buffer.empty
    assert not buffer.blocked
    assert buffer.take() is None


def test_a_buffer_is_bounded_in_bytes_and_events_too() -> None:
    buffer = Buffer(50)
    buffer.add([draft("1")], ROOM_BYTES, 0)
    assert buffer.blocked
    buffer.take()
    buffer.add([draft(str(number)) for number in range(1000)], 1, 0)
    assert buffer.full
    assert buffer.blocked


def test_ids_of_polls_are_known_once_they_are_durable() -> None:
    recent = RecentIds(size=3)
    first = [draft("1"), draft("2")]
    assert recent.fresh(first) == first
    assert recent.fresh(first) == first
    recent.remember(first)
    assert [one.event_id for one in recent.fresh([*first, draft("3"), draft("1", "t")])] == ["3", "1"]
    recent.remember([draft("3"), draft("4")])
    assert recent.fresh(first) == []  # the older half is still known
    recent.remember([draft("5"), draft("6")])
    assert recent.fresh(first) == first


def test_errors_are_bounded_masked_and_counted() -> None:
    journal = Journal(lambda text: text.replace("hush", "***"))
    for _ in range(3):
        journal.note("HTTP 500\n for hush \x00 \ud800", NOW)
    assert journal.last_error == "HTTP 500 for *** ?"
    assert [entry["count"] for entry in journal.entries()] == [3]
    for number in range(100):
        journal.note(f"{number}" + "x" * 1000, NOW)
    assert len(journal.entries()) == 20
    assert max(len(entry["error"]) for entry in journal.entries()) == 300


def test_performance_is_what_was_counted() -> None:
    performance = Performance(NOW)
    for second in range(20):
        performance.received(10, 10, 1000)
        performance.stored(20, NOW, NOW + 500, NOW + 1000)
        performance.shown(NOW + second * SECOND, connected_at=NOW, reconnects=0)
    performance.errors = 2
    performance.skew(-1_270_000)
    performance.last_message_at = NOW + 19 * SECOND
    shown = performance.shown(NOW + 20 * SECOND, connected_at=NOW, reconnects=3)
    assert shown["messages_per_second"] == pytest.approx(9, abs=1)
    assert shown["events_per_second"] == pytest.approx(18, abs=2)
    assert (shown["messages"], shown["events"], shown["bytes"]) == (200, 400, 20_000)
    assert shown["latency_ms"] == {"p50": 1.0, "p95": 1.0, "p99": 1.0}
    assert shown["skew_ms"]["p50"] == shown["skew_ms"]["least"] == -1270
    assert shown["error_rate"] == pytest.approx(2 / 202, abs=1e-6)
    assert (shown["uptime_seconds"], shown["last_message_age_seconds"], shown["reconnects"]) == (20, 1, 3)


def test_a_connector_that_has_received_nothing_has_numbers_all_the_same() -> None:
    shown = Performance(NOW).shown(NOW, connected_at=None, reconnects=0)
    assert shown["latency_ms"]["p99"] is None
    assert (shown["messages_per_second"], shown["last_message_age_seconds"]) == (0, None)


def test_a_tally_is_one_row_and_begins_anew() -> None:
    tally = Tally()
    assert tally.take("w", "c", "okx", {}, NOW, NOW + SECOND) is None
    tally.add(3, [draft("1"), draft("2", "t")])
    tally.offsets(7, 9)
    tally.add(1, [draft("3")])
    tally.offsets(9, 10)
    row = tally.take("w", "c", "okx", {"s": "BTC-USDT"}, NOW, NOW + 2 * SECOND)
    assert row is not None
    assert (row.total_messages, row.messages_per_second, row.instruments) == (4, 2.0, ["BTC-USDT", "t"])
    assert (row.first_offset, row.last_offset) == (7, 9)
    assert tally.take("w", "c", "okx", {}, NOW, NOW + SECOND) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("7", 7),
        ("99999", 3600),
        ("-1", 0),
        ("soon", 0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
        ("Tue, 14 Nov 2000 22:13:50 GMT", 0),
        ("Tue, 14 Nov 99999 22:13:50 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize(
    ("body", "path", "found"),
    [
        (b'{"meta":{"next":"abc"}}', "meta.next", "abc"),
        (b'{"items":[{"id":1},{"id":2}]}', "items.-1.id", "2"),
        (b'{"next":null}', "next", None),
        (b'{"next":""}', "next", None),
        (b'{"next":{}}', "next", None),
        (b"[1]", "x", None),
        (b"[1]", "3", None),
        (b"no json", "x", None),
        (b"[" * 100_000, "0", None),
        (b"\xff", "x", None),
    ],
)
def test_a_cursor_is_a_text_or_number_at_its_path(body: bytes, path: str, found: str | None) -> None:
    assert at_path(body, path) == found


def test_times_are_written_as_the_source_wants_them() -> None:
    assert [in_unit(NOW, unit) for unit in ("s", "ms", "us", "iso")] == [
        "1700000000",
        "1700000000000",
        "1700000000000000",
        "2023-11-14T22:13:20Z",
    ]


def test_requests_are_filled_in() -> None:
    config = read_config(
        {
            "name": "n",
            "api_url": "https://example.org/a?x=1",
            "http_method": "POST",
            "headers": {"X-Key": "hush-hush"},
            "query_params": {"limit": "5", "since": "0"},
            "body": {"q": [1]},
            "backfill": {
                "api_url": "https://example.org/{instrument}",
                "query_params": {"from": "{from}", "id": "{from_id}"},
                "body": {"symbol": ["{symbol}"]},
            },
        }
    )
    outgoing = Outgoing(config)
    request = outgoing.request(NOW, [("since", "7")])
    assert (request.params, request.body) == ([("limit", "5"), ("since", "7")], b'{"q":[1]}')
    assert request.headers == {"X-Key": "hush-hush", "Content-Type": "application/json"}
    assert config.backfill is not None
    values = {"instrument": "BTC-USDT", "symbol": "BTCUSDT", "from": "17", "from_id": ""}
    filled = outgoing.backfill(config.backfill, values, NOW)
    assert (filled.url, filled.params) == ("https://example.org/BTC-USDT", [("from", "17")])
    assert filled.body == b'{"symbol":["BTCUSDT"]}'
    assert outgoing.mask("it was hush-hush") == "it was **********"


def test_requests_and_opening_messages_are_signed_anew_each_time() -> None:
    config = read_config(
        {
            "name": "n",
            "api_url": "wss://h/p",
            "auth_type": "HMAC",
            "auth_layout": "okx",
            "credentials": {"api_key": "key-1", "api_secret": "secret-1", "passphrase": "phrase-1"},
            "subscribe_messages": [{"op": "login", "args": [{"apiKey": "{{api_key}}", "sign": "{{signature}}"}]}],
        }
    )
    outgoing = Outgoing(config)
    first, later = outgoing.opening(NOW), outgoing.opening(NOW + SECOND)
    assert "key-1" in first[0]
    assert first != later
    assert outgoing.handshake(NOW)[1]["OK-ACCESS-KEY"] == "key-1"
    assert "secret-1" not in f"{first} {outgoing.handshake(NOW)}"


def test_a_name_that_stands_for_nothing_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Invalid) as refused:
        Outgoing(read_config({"name": "n", "api_url": "ws://h/p", "subscribe_messages": ["{{no_such}}"]}))
    assert refused.value.field == "subscribe_messages"
    with pytest.raises(Invalid) as refused:
        Outgoing(read_config({"name": "n", "api_url": "ws://h/p", "auth_type": "Bearer Token"}))
    assert refused.value.field == "credentials.token"


def test_opening_messages_are_text_or_json() -> None:
    config = read_config(
        {
            "name": "n",
            "api_url": "ws://h/p?a=1",
            "subscribe_messages": ["hi", {"op": "x"}],
            "query_params": {"k": "a b"},
        }
    )
    assert Outgoing(config).opening(NOW) == ["hi", '{"op":"x"}']
    assert Outgoing(config).handshake(NOW) == ("ws://h/p?a=1&k=a%20b", {})
