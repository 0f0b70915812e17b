"""CloudEvents 1.0: the conformance suite's valid events, the HTTP binding's rules, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.cloudevents import decode_header, is_binary, parse_batch, parse_binary, parse_structured
from telemetra.formats.native import RawEvent
from telemetra.formats.problems import FormatError
from tests.support.shared import shared_data

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/chat",
    "type": "chat.message",
    "subject": "lirik",
    "time": "2018-04-05T17:31:00.000000001+01:00",
    "datacontenttype": "application/json; charset=utf-8",
    "data": {"user_id": "u", "message": "hi"},
}


def event(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**EVENT, **changes}.items() if value is not ...}


def parse(**changes: Any) -> RawEvent | FormatError:
    return parse_structured(json.dumps(event(**changes)).encode())


def accepted(parsed: RawEvent | FormatError) -> RawEvent:
    assert isinstance(parsed, RawEvent), parsed
    return parsed


def test_attributes_become_the_envelope() -> None:
    parsed = accepted(parse(workspaceid="w1", correlationid="c1", comexampleother=1))
    assert (parsed.event_id, parsed.source, parsed.type, parsed.stream_id) == ("1", "/chat", "chat.message", "lirik")
    assert (parsed.workspace_id, parsed.correlation_id) == ("w1", "c1")
    assert parsed.timestamp and parsed.timestamp.isoformat() == "2018-04-05T17:31:00+01:00"
    assert json.loads(bytes(parsed.data)) == EVENT["data"]


def test_data_base64_is_decoded() -> None:
    encoded = base64.b64encode(b' {"user_id": "u"}\n').decode()
    assert bytes(accepted(parse(data=..., data_base64=encoded)).data) == b'{"user_id": "u"}'


def test_no_data_and_no_time_are_fine() -> None:
    parsed = accepted(parse(data=..., time=None, datacontenttype="text/plain"))
    assert (parsed.timestamp, bytes(parsed.data)) == (None, b"{}")


@pytest.mark.parametrize("media", ["application/json", "Application/JSON;charset=utf-8", "text/json", "a/b+json", None])
def test_json_media_types(media: str | None) -> None:
    accepted(parse(datacontenttype=media))


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"id": ...}, problems.MISSING_FIELD, "id"),
        ({"id": ""}, problems.INVALID_FIELD, "id"),
        ({"id": 1}, problems.INVALID_FIELD, "id"),
        ({"source": None}, problems.MISSING_FIELD, "source"),
        ({"type": ...}, problems.MISSING_FIELD, "type"),
        ({"subject": ...}, problems.MISSING_FIELD, "subject"),
        ({"subject": "a/b"}, problems.INVALID_FIELD, "subject"),
        ({"specversion": ...}, problems.MISSING_FIELD, "specversion"),
        ({"specversion": "0.3"}, problems.UNSUPPORTED_SPECVERSION, "specversion"),
        ({"specversion": 1.0}, problems.UNSUPPORTED_SPECVERSION, "specversion"),
        ({"time": "noon"}, problems.INVALID_TIMESTAMP, "time"),
        ({"datacontenttype": "text/plain"}, problems.UNSUPPORTED_DATA, "datacontenttype"),
        ({"datacontenttype": 3}, problems.INVALID_FIELD, "datacontenttype"),
        ({"data": "text"}, problems.INVALID_FIELD, "data"),
        ({"data": {"a": "\0"}}, problems.INVALID_TEXT, "data"),
        ({"data_base64": "e30="}, problems.INVALID_FIELD, "data_base64"),
        ({"data": ..., "data_base64": "e30"}, problems.INVALID_FIELD, "data_base64"),
        ({"data": ..., "data_base64": 5}, problems.INVALID_JSON, "data_base64"),
        ({"data": ..., "data_base64": "e30=e30="}, problems.INVALID_FIELD, "data_base64"),
        ({"data": ..., "data_base64": base64.b64encode(b"{").decode()}, problems.INVALID_JSON, "data_base64"),
    ],
)
def test_what_is_refused_in_a_batch_costs_no_neighbour(changes: dict[str, Any], code: str, field: str) -> None:
    first, error, last = parse_batch(json.dumps([event(), event(**changes), event(id="2")]).encode())
    accepted(first)
    accepted(last)
    assert isinstance(error, FormatError)
    assert (error.code, error.field) == (code, field)
    assert error.detail.startswith(f"{field}: ")


def test_documents_that_are_refused_whole() -> None:
    for body, code in ((b"{", "invalid_json"), (b"[{]", "invalid_json"), (b"{}", "invalid_event")):
        with pytest.raises(Invalid) as caught:
            parse_batch(body)
        assert caught.value.code == code
    with pytest.raises(Invalid):
        parse_structured(b"")
    refused = parse_structured(b"[]")
    assert isinstance(refused, FormatError) and refused.code == "invalid_event"


def headers(**changes: str) -> dict[str, str]:
    given = {name: value for name, value in EVENT.items() if name not in ("data", "datacontenttype")}
    return {"Content-Type": "application/json", **{f"ce-{name}": value for name, value in {**given, **changes}.items()}}


def test_binary_mode() -> None:
    assert is_binary(headers()) and not is_binary({"content-type": "application/json"})
    parsed = accepted(parse_binary({**headers(), "CE-WorkspaceId": "w%20x"}, b'{"user_id": "u"}'))
    assert (parsed.event_id, parsed.stream_id, parsed.workspace_id) == ("1", "lirik", "w x")
    assert bytes(parsed.data) == b'{"user_id": "u"}'
    assert bytes(accepted(parse_binary(headers(), b"")).data) == b"{}"


def test_binary_mode_refuses() -> None:
    def refused(given: dict[str, str], body: bytes = b"{}") -> tuple[str, str | None]:
        error = parse_binary(given, body)
        assert isinstance(error, FormatError)
        return error.code, error.field

    assert refused({**headers(), "Content-Type": "text/plain"}) == (problems.UNSUPPORTED_DATA, "datacontenttype")
    assert refused(headers(id="%C0%A0")) == (problems.INVALID_TEXT, "id")
    assert refused(headers(specversion="2.0")) == (problems.UNSUPPORTED_SPECVERSION, "specversion")
    assert refused(headers(data_base64="e30="), b"[]") == (problems.INVALID_FIELD, "data")
    with pytest.raises(Invalid):
        parse_binary(headers(), b"{")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ('"a \\"quoted\\" 100%25"', 'a "quoted" 100%'),
        ("plain", "plain"),
        ("%2541", "%41"),
    ],
)
def test_header_values_are_decoded_once(header: str, value: str) -> None:
    assert decode_header(header) == value


def test_conformance_events() -> None:
    """All of them are read; those without a subject or with data that is no JSON are refused for just that."""
    cases = json.loads(shared_data("cloudevents", "valid-events.json").read_bytes())["tests"]
    outcomes = {}
    for case in cases:
        with_subject = {"subject": "tests", **{k: v for k, v in case["event"].items() if v is not None}}
        parsed = parse_structured(json.dumps(with_subject).encode())
        outcomes[case["id"]] = parsed.code if isinstance(parsed, FormatError) else None
        bare = parse_structured(json.dumps(case["event"]).encode())
        assert isinstance(bare, FormatError) or case["event"].get("subject")
    assert outcomes.pop("validSimpleTextData") == problems.UNSUPPORTED_DATA
    assert set(outcomes.values()) == {None}
    assert len(outcomes) == 9


def test_conformance_batches() -> None:
    for case in json.loads(shared_data("cloudevents", "valid-batches.json").read_bytes())["tests"]:
        batch = [{**item, "subject": "tests"} for item in case["batch"]]
        assert [accepted(item).event_id for item in parse_batch(json.dumps(batch).encode())] == [
            item["id"] for item in batch
        ]
