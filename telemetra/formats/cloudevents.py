"""CloudEvents 1.0 over HTTP (structured, batch and binary mode) to `RawEvent`.

`id` becomes event_id, `source` source, `type` type, `subject` stream_id, `time` timestamp, and the extension
attributes `workspaceid` and `correlationid` what they say. `data` must be a JSON object; `data_base64` is decoded.
Other attributes are ignored, as the specification asks of a receiver.

Source: CloudEvents 1.0, JSON format 1.0 and HTTP protocol binding 1.0 (cloudevents.io).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.native import Parsed, RawEvent, array_elements, build, check_json, read_fields
from telemetra.formats.problems import FormatError

_ATTRIBUTES: Final[Mapping[str, str]] = {
    "id": "event_id",
    "source": "source",
    "type": "type",
    "subject": "stream_id",
    "time": "timestamp",
    "workspaceid": "workspace_id",
    "correlationid": "correlation_id",
}
_SHOWN: Final = {ours: theirs for theirs, ours in _ATTRIBUTES.items()}
_REQUIRED: Final = ("specversion", "id", "source", "type")
_JSON_TYPE = re.compile(r"[\w.+-]+/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)")
_STRING = msgspec.json.Decoder(str)
_HEADER_PREFIX = "ce-"

Fields = dict[str, msgspec.Raw]


def parse_structured(body: bytes) -> RawEvent | FormatError:
    """The event of `application/cloudevents+json`. Raises `Invalid` (`invalid_json`) if the body is no JSON."""
    check_json(body)
    return _parse_object(body)


def parse_batch(body: bytes) -> Parsed:
    """The events of `application/cloudevents-batch+json`. Raises `Invalid` (`invalid_json`, or `invalid_event` if the
    body is JSON but no array)."""
    check_json(body)
    if not body.lstrip().startswith(b"["):
        raise Invalid("a batch of CloudEvents is a JSON array", code=problems.INVALID_EVENT)
    return [_parse_object(raw) for raw in array_elements(body)]


def is_binary(headers: Iterable[str]) -> bool:
    """True if these header names are those of a CloudEvent in binary mode."""
    return any(name.lower() in ("ce-specversion", "ce-id") for name in headers)


def parse_binary(headers: Mapping[str, str], body: bytes) -> RawEvent | FormatError:
    """The event of a request in binary mode: attributes in `ce-*` headers, data in the body.

    Raises `Invalid` (`invalid_json`) if the body should be JSON and is not.
    """
    fields: Fields = {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered == "content-type":
            attribute = "datacontenttype"
        elif lowered.startswith(_HEADER_PREFIX):
            attribute = lowered.removeprefix(_HEADER_PREFIX)
        else:
            continue
        try:
            fields[attribute] = msgspec.Raw(msgspec.json.encode(decode_header(value)))
        except UnicodeError:
            return FormatError(problems.INVALID_TEXT, f"{attribute}: is not percent-encoded UTF-8", attribute, body)
    fields.pop("data", None)
    fields.pop("data_base64", None)
    if body.strip():
        fields["data"] = msgspec.Raw(body)
        if _has_json_data(fields):
            check_json(body)
    return _build(fields, body)


def decode_header(value: str) -> str:
    """A header's attribute value: unquoted, then percent-decoded once. Raises UnicodeError if it is not UTF-8."""
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    return unquote_to_bytes(value.encode("latin-1")).decode()


def _parse_object(raw: bytes) -> RawEvent | FormatError:
    fields = read_fields(raw)
    return fields if isinstance(fields, FormatError) else _build(fields, raw)


def _build(fields: Fields, raw: bytes) -> RawEvent | FormatError:
    fields = {name: value for name, value in fields.items() if bytes(value) != b"null"}
    event = {ours: fields[theirs] for theirs, ours in _ATTRIBUTES.items() if theirs in fields}
    problem = _check_attributes(fields) or _move_data(fields, event)
    if problem is None:
        return build(event, raw, shown=_SHOWN)
    code, field, detail = problem
    return FormatError(code, f"{field}: {detail}", field, raw, _text(fields, "source") or "api")


def _check_attributes(fields: Fields) -> tuple[str, str, str] | None:
    for name in _REQUIRED:
        if name not in fields:
            return problems.MISSING_FIELD, name, "is required"
    if _text(fields, "specversion") != "1.0":
        return problems.UNSUPPORTED_SPECVERSION, "specversion", 'must be "1.0"'
    if "datacontenttype" in fields and _text(fields, "datacontenttype") is None:
        return problems.INVALID_FIELD, "datacontenttype", "must be a string"
    return None


def _move_data(fields: Fields, event: Fields) -> tuple[str, str, str] | None:
    """Puts the data of a CloudEvent into `event`, or says what is wrong with it."""
    encoded = fields.get("data_base64")
    if encoded is None and "data" not in fields:
        return None
    if not _has_json_data(fields):
        return problems.UNSUPPORTED_DATA, "datacontenttype", "only JSON data is understood"
    if encoded is None:
        event["data"] = fields["data"]
        return None
    if "data" in fields:
        return problems.INVALID_FIELD, "data_base64", "cannot stand beside data"
    try:
        data = binascii.a2b_base64(_text(fields, "data_base64") or "", strict_mode=True)
        check_json(data)
    except binascii.Error:
        return problems.INVALID_FIELD, "data_base64", "is not base64"
    except Invalid:
        return problems.INVALID_JSON, "data_base64", "does not hold JSON"
    event["data"] = msgspec.Raw(data.strip())
    return None


def _has_json_data(fields: Fields) -> bool:
    """Without a datacontenttype data is JSON."""
    return "datacontenttype" not in fields or bool(_JSON_TYPE.fullmatch(_text(fields, "datacontenttype") or ""))


def _text(fields: Fields, name: str) -> str | None:
    """The value of a string attribute; None if it is absent or no string."""
    try:
        return _STRING.decode(fields[name]) if name in fields else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
