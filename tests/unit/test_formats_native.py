"""Native events: the fast way, the careful way, and that both say the same."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.cloudevents import parse_batch, parse_structured
from telemetra.formats.native import Parsed, RawEvent, parse_native, parse_ndjson, parse_one
from telemetra.formats.problems import FormatError

GOOD = {
    "event_id": "e1",
    "type": "chat.message",
    "stream_id": "lirik",
    "timestamp": "2015-10-17T11:30:00.5+02:00",
    "source": "twitch",
    "workspace_id": "default",
    "correlation_id": "c1",
    "data": {"user_id": "u", "message": "hi"},
}


def event(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}


def codes(parsed: Parsed) -> list[str | None]:
    return [item.code if isinstance(item, FormatError) else None for item in parsed]


def test_one_object_and_an_array_and_lines_give_the_same_event() -> None:
    body = json.dumps(GOOD).encode()
    for parsed in (
        parse_native(body),
        parse_native(b" [" + body + b"] "),
        parse_ndjson(body),
        parse_ndjson(body + b"\n"),
    ):
        (first,) = parsed
        assert isinstance(first, RawEvent)
        assert (first.event_id, first.type, first.stream_id) == ("e1", "chat.message", "lirik")
        assert (first.source, first.workspace_id, first.correlation_id) == ("twitch", "default", "c1")
        assert first.timestamp == datetime(2015, 10, 17, 9, 30, 0, 500_000, tzinfo=UTC)
        assert bytes(first.data) == b'{"user_id": "u", "message": "hi"}'


def test_what_is_optional_may_be_absent_or_null() -> None:
    absent = event(timestamp=..., source=..., workspace_id=..., correlation_id=..., data=...)
    null = event(timestamp=None, source=None, workspace_id=None, correlation_id=None, data=None)
    for parsed in parse_native(json.dumps([absent, null]).encode()):
        assert isinstance(parsed, RawEvent)
        assert (parsed.timestamp, parsed.source, parsed.workspace_id) == (None, "api", None)
        assert bytes(parsed.data) == b"{}"


def test_older_names_are_accepted_in_the_envelope_only() -> None:
    older = event(event_id=..., stream_id=..., message_id="m1", channel="#lirik", data={"channel": "x"})
    both = event(message_id="m1", channel="#lirik")
    first, second = parse_native(json.dumps([older, both]).encode())
    assert isinstance(first, RawEvent)
    assert (first.event_id, first.stream_id, bytes(first.data)) == ("m1", "#lirik", b'{"channel": "x"}')
    assert isinstance(second, RawEvent)
    assert (second.event_id, second.stream_id) == ("e1", "lirik")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"event_id": ...}, problems.MISSING_FIELD, "event_id"),
        ({"type": ...}, problems.MISSING_FIELD, "type"),
        ({"stream_id": None}, problems.MISSING_FIELD, "stream_id"),
        ({"event_id": 7}, problems.INVALID_FIELD, "event_id"),
        ({"event_id": ""}, problems.INVALID_FIELD, "event_id"),
        ({"event_id": "x" * 201}, problems.INVALID_FIELD, "event_id"),
        ({"event_id": "a\0b"}, problems.INVALID_TEXT, "event_id"),
        ({"type": "x" * 101}, problems.INVALID_FIELD, "type"),
        ({"source": ["a"]}, problems.INVALID_FIELD, "source"),
        ({"stream_id": "a b"}, problems.INVALID_FIELD, "stream_id"),
        ({"stream_id": "abc\n"}, problems.INVALID_FIELD, "stream_id"),
        ({"stream_id": "é"}, problems.INVALID_FIELD, "stream_id"),
        ({"workspace_id": True}, problems.INVALID_FIELD, "workspace_id"),
        ({"timestamp": 1700000000}, problems.INVALID_TIMESTAMP, "timestamp"),
        ({"timestamp": "yesterday"}, problems.INVALID_TIMESTAMP, "timestamp"),
        ({"timestamp": "2021-07-15T02:01:48"}, problems.INVALID_TIMESTAMP, "timestamp"),
        ({"timestamp": "2016-12-31T23:59:60Z"}, problems.INVALID_TIMESTAMP, "timestamp"),
        ({"timestamp": "2021-02-30T00:00:00Z"}, problems.INVALID_TIMESTAMP, "timestamp"),
        ({"data": [1]}, problems.INVALID_FIELD, "data"),
        ({"data": {"message": "a\0"}}, problems.INVALID_TEXT, "data"),
    ],
)
def test_a_bad_event_costs_no_neighbour(changes: dict[str, Any], code: str, field: str) -> None:
    events = [event(event_id="before"), event(**changes), event(event_id="after", data={"n": -1.5})]
    if changes == {"data": [1]}:  # the fast way leaves the shape of data to the model of the type
        events[0]["message_id"] = events[0].pop("event_id")
    for parsed in (
        parse_native(json.dumps(events).encode()),
        parse_ndjson("\n".join(map(json.dumps, events)).encode()),
    ):
        assert codes(parsed) == [None, code, None]
        error = parsed[1]
        assert isinstance(error, FormatError)
        assert error.field == field
        assert error.detail.startswith(f"{field}: ")
        assert json.loads(error.raw) == events[1]
        assert (error.source, error.correlation_id) == ("api" if field == "source" else "twitch", "c1")


def test_the_reason_for_a_leap_second_is_said() -> None:
    (error,) = parse_native(json.dumps(event(timestamp="2016-12-31T23:59:60Z")).encode())
    assert isinstance(error, FormatError)
    assert "leap second" in error.detail


@pytest.mark.parametrize("time", ["2021-07-15 02:01:48Z", "2021-07-15t02:01:48z", "2021-07-15T03:01:48+0100"])
def test_times_that_are_accepted_beyond_the_strict_form(time: str) -> None:
    (parsed,) = parse_native(json.dumps(event(timestamp=time)).encode())
    assert isinstance(parsed, RawEvent)
    assert parsed.timestamp == datetime(2021, 7, 15, 2, 1, 48, tzinfo=UTC)


HOSTILE = [
    (b"[" * 200_000 + b"]" * 200_000, problems.TOO_DEEP),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, problems.TOO_DEEP),
    (b"[" * 100 + b"]" * 100, problems.TOO_DEEP),
    (b'"\\ud800 and more text"', problems.INVALID_TEXT),
    (b'"\xff"', problems.INVALID_TEXT),
    (b"1e999999", problems.NUMBER_OUT_OF_RANGE),
]


@pytest.mark.parametrize(("value", "code"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_data_is_one_events_error(value: bytes, code: str) -> None:
    good = json.dumps(GOOD).encode()
    bad = good.replace(b'"hi"', value)
    assert codes(parse_native(b"[" + b",".join([good, bad, good]) + b"]")) == [None, code, None]
    assert codes(parse_ndjson(b"\n".join([good, bad, good]))) == [None, code, None]
    assert codes(parse_native(bad)) == [code]


def test_hostile_envelopes_are_one_events_error() -> None:
    good = json.dumps(GOOD).encode()
    bad = [
        good.replace(b'"e1"', b'"\xff"'),
        good.replace(b'"e1"', b'"\\udc00 lone"'),
        good.replace(b'"type"', b'"\xff"'),
    ]
    assert codes(parse_native(b"[" + b",".join([good, *bad]) + b"]")) == [None, *[problems.INVALID_TEXT] * 3]


def test_elements_that_are_no_objects() -> None:
    assert codes(parse_native(b'[1,null,"x",[],{}]')) == [*["invalid_event"] * 4, "missing_field"]
    assert codes(parse_native(b"3")) == ["invalid_event"]
    assert parse_native(b"[]") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"[",
        b"[{]",
        b"[" * 200_000,
        b'[{"a":1},{"a":tru}]',
        b"NaN",
        b'[{"a":"\\ud800"},{]',
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_document_that_is_no_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        parse_native(body)
    assert caught.value.code == problems.INVALID_JSON


def test_lines_stand_alone() -> None:
    good = json.dumps(GOOD).encode()
    body = b"\n".join([b"", good, b"{", b"  ", b"nonsense", good + good, b'{"a":\n1}', good]) + b"\r\n"
    assert codes(parse_ndjson(body)) == [None, *["invalid_json"] * 5, None]
    assert parse_ndjson(b"\n \n") == []


@settings(deadline=None)
@given(st.lists(st.builds(event, event_id=st.text(max_size=5), stream_id=st.sampled_from(["a", "b c"])), max_size=6))
def test_the_fast_way_and_the_careful_way_agree(events: list[dict[str, Any]]) -> None:
    body = json.dumps(events).encode()
    careful = [parse_one(msgspec.json.encode(item)) for item in events]
    for fast, slow in zip(parse_native(body), careful, strict=True):
        if isinstance(fast, RawEvent) and isinstance(slow, RawEvent):
            assert (fast.event_id, fast.timestamp) == (slow.event_id, slow.timestamp)
        else:
            assert codes([fast]) == codes([slow])


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [json.dumps(GOOD).encode(), b"[", b"]", b",", b"{", b"}", b'"', b"\\", b"\\ud800", b"\xff", b"\n"]
        )
    )
    | st.binary(max_size=20).map(lambda body: [body])
)
def test_no_bytes_raise_anything_but_invalid(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    with suppress(Invalid):
        parse_native(body)
        parse_structured(body)
    with suppress(Invalid):
        parse_batch(body)
    assert len(parse_ndjson(body)) == sum(bool(line.strip()) for line in body.split(b"\n"))
