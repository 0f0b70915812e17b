"""Telemetra's own events: JSON (one event or an array) and NDJSON, to `RawEvent`.

The fast way decodes a whole request in one typed call, and what it gives is used as it is. Only when that fails, or
when `safety.is_plain` cannot vouch for the request, is each event looked at alone, so that a bad one never costs its
neighbours and its error names the field.

Timestamps are RFC 3339 with offset. A space instead of `T`, lower-case `t` and `z`, and an offset without colon are
accepted (RFC 3339 5.6 leaves the first two to the application); fractions beyond microseconds are rounded; second 60
is refused, as a leap second has no place in microseconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.elements import has_lone_surrogate, split_array
from telemetra.formats.problems import FormatError
from telemetra.formats.safety import NO_OBJECT, Problem, check_data, is_plain
from telemetra.model.event import DEFAULT_SOURCE

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]

EMPTY: Final = msgspec.Raw(b"{}")


class RawEvent(msgspec.Struct, gc=False):
    """An event whose envelope is valid and whose `data` is JSON that may be stored; its type is not yet looked at.

    `data` is an object in all events that were looked at alone; that it is one in the others is for the model of the
    type to say. `timestamp` is aware; its range is for the caller, who has the clock.
    """

    event_id: Id
    type: Name
    stream_id: Id
    timestamp: Time | None = None
    source: Name = DEFAULT_SOURCE
    workspace_id: Id | None = None
    correlation_id: Id | None = None
    data: msgspec.Raw = EMPTY


Parsed = list[RawEvent | FormatError]

ALIASES: Final[Mapping[str, str]] = {"message_id": "event_id", "channel": "stream_id"}
"""Older names of envelope fields; the newer name wins where both are given."""

_REQUIRED: Final = ("event_id", "type", "stream_id")
_STREAM_ID = re.compile(r"[A-Za-z0-9._:@#-]{1,200}")
_NEEDS = {
    "event_id": "a string of 1 to 200 characters",
    "type": "a string of 1 to 100 characters",
    "stream_id": "1 to 200 letters, digits and . _ : @ # -",
    "timestamp": "an RFC 3339 time with offset, such as 2024-01-31T12:00:00Z",
    "source": "a string of 1 to 100 characters",
    "workspace_id": "a string of 1 to 200 characters",
    "correlation_id": "a string of 1 to 200 characters",
}
_DECODERS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    field.encode_name: msgspec.json.Decoder(field.type) for field in msgspec.structs.fields(RawEvent)
}
_ONE = msgspec.json.Decoder(RawEvent)
_MANY = msgspec.json.Decoder(list[RawEvent])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_RAW = msgspec.json.Decoder(msgspec.Raw)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError)


def parse_native(body: bytes) -> Parsed:
    """The events of `application/json`: one object or an array. Raises `Invalid` (`invalid_json`) if it is no JSON."""
    if not body.lstrip().startswith(b"["):
        return [_parse_document(body)]
    plain = is_plain(body)
    try:
        events = _MANY.decode(body)
    except (*_REFUSED, RecursionError):
        events = []
    if events and plain and _are_stream_ids(events):
        return events  # type: ignore[return-value]  # a list of RawEvent, unchanged
    return [parse_one(raw, plain) for raw in array_elements(body)]


def parse_ndjson(body: bytes) -> Parsed:
    """The events of `application/x-ndjson`, one for each line that is not blank. A line that is no JSON is its own
    `invalid_json`."""
    plain = is_plain(body)
    try:
        events = _ONE.decode_lines(body)
    except (*_REFUSED, RecursionError):
        events = []
    lines = body.rstrip(b"\n").count(b"\n") + 1
    if len(events) == lines and plain and _are_stream_ids(events):
        return events  # type: ignore[return-value]
    return [_parse_line(line, plain) for line in body.split(b"\n") if line.strip()]


def array_elements(body: bytes) -> list[bytes]:
    """The elements of a JSON array, which are valid JSON but for lone surrogates or too much depth.

    Raises `Invalid` (`invalid_json`).
    """
    try:
        return [bytes(raw) for raw in _RAWS.decode(body)]
    except RecursionError:
        elements = split_array(body)
    except msgspec.DecodeError as error:
        if b"\\ud" not in body.lower():
            raise invalid_json(error) from None
        elements = split_array(body)
    for element in elements:
        check_json(element)
    return elements


def parse_one(raw: bytes, plain: bool = False, fallback_id: Callable[[], str] | None = None) -> RawEvent | FormatError:
    """One event that is valid JSON (but for lone surrogates or too much depth); `plain` if `is_plain` said so.

    `fallback_id` gives an event_id to an event without one.
    """
    fields = read_fields(raw)
    if isinstance(fields, FormatError):
        return fields
    for old, name in ALIASES.items():
        if old in fields:
            fields.setdefault(name, fields[old])
    if fallback_id is not None and "event_id" not in fields:
        fields["event_id"] = msgspec.Raw(msgspec.json.encode(fallback_id()))
    return build(fields, raw, plain=plain)


def read_fields(raw: bytes) -> dict[str, msgspec.Raw] | FormatError:
    """The members of one JSON object, undecoded. The rest of JSON is `invalid_event`."""
    try:
        return _FIELDS.decode(raw)
    except msgspec.ValidationError:
        return FormatError(problems.INVALID_EVENT, "an event is a JSON object", None, raw)
    except UnicodeDecodeError:
        return FormatError(problems.INVALID_TEXT, "a field name is not UTF-8", None, raw)
    except RecursionError:
        return FormatError(problems.TOO_DEEP, "nested too deeply", None, raw)
    except msgspec.DecodeError:
        return FormatError(problems.INVALID_TEXT, "a lone surrogate cannot be stored", None, raw)


def build(
    fields: Mapping[str, msgspec.Raw], raw: bytes, *, plain: bool = False, shown: Mapping[str, str] | None = None
) -> RawEvent | FormatError:
    """An event of envelope fields (JSON by field name); null means absent.

    `raw` is the event as it was sent; `shown` has the sender's names of the fields, for errors.
    """
    values: dict[str, Any] = {}
    first: tuple[str, Problem] | None = None
    for name, decoder in _DECODERS.items():
        given = fields.get(name)
        problem: Problem | None = None
        if given is None or (text := bytes(given)) == b"null":
            if name in _REQUIRED:
                problem = problems.MISSING_FIELD, "is required"
        elif name == "data":
            problem = _check_object(text) if plain else check_data(text)
            values[name] = given
        else:
            problem = _read(name, text, decoder, values)
        if problem and not first:
            first = name, problem
    if first is None:
        return RawEvent(**values)
    name, (code, detail) = first
    field = shown.get(name, name) if shown else name
    source, correlation_id = values.get("source", DEFAULT_SOURCE), values.get("correlation_id")
    return FormatError(code, f"{field}: {detail}", field, raw, source, correlation_id)


def _check_object(text: bytes) -> Problem | None:
    return None if text.startswith(b"{") else NO_OBJECT


def invalid_json(error: Exception) -> Invalid:
    """The refusal of a whole document."""
    return Invalid(str(error), code=problems.INVALID_JSON)


def _parse_document(body: bytes, plain: bool = False) -> RawEvent | FormatError:
    check_json(body)
    return parse_one(body, plain)


def _parse_line(line: bytes, plain: bool) -> RawEvent | FormatError:
    try:
        return _parse_document(line, plain)
    except Invalid as error:
        return FormatError(error.code, str(error), None, line)


def check_json(raw: bytes) -> None:
    """Raises `Invalid` unless `raw` is JSON but for lone surrogates or too much depth, which are the event's own."""
    try:
        _RAW.decode(raw)
    except RecursionError:
        return
    except msgspec.DecodeError as error:
        if not has_lone_surrogate(raw):
            raise invalid_json(error) from None


def _read(name: str, given: bytes, decoder: msgspec.json.Decoder[Any], values: dict[str, Any]) -> Problem | None:
    """Decodes one envelope field into `values`, or says what is wrong with it."""
    time = name == "timestamp"
    try:
        value = decoder.decode(given)
    except UnicodeDecodeError:
        return problems.INVALID_TEXT, "is not UTF-8"
    except msgspec.DecodeError:
        if time and b":60" in given:
            return problems.INVALID_TIMESTAMP, "second 60 (a leap second) has no place here, send second 59"
        return problems.INVALID_TIMESTAMP if time else problems.INVALID_FIELD, f"must be {_NEEDS[name]}"
    if name == "stream_id" and not _STREAM_ID.fullmatch(value):
        return problems.INVALID_FIELD, f"must be {_NEEDS[name]}"
    if not time and "\x00" in value:
        return problems.INVALID_TEXT, "NUL (\\u0000) cannot be stored"
    values[name] = value
    return None


def _are_stream_ids(events: list[RawEvent]) -> bool:
    return all(map(_STREAM_ID.fullmatch, {event.stream_id for event in events}))
