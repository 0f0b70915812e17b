"""How the OpenAPI document describes what intake takes: the event types come from the kinds' own models."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.api.examples import CLOUD_EVENT_EXAMPLE, EVENT_EXAMPLES
from telemetra.kinds.base import EventType
from telemetra.kinds.registry import Registry

REF = "#/components/schemas/{name}"

NO_NUL = r"^[^\x00]*$"

_ID = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": NO_NUL}
_NAME = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": NO_NUL}
_OPTIONAL = {"type": ["string", "null"]}
_STREAM_ID = {"type": "string", "pattern": "^[A-Za-z0-9._:@#-]{1,200}$"}
_TIME = {"type": "string", "format": "date-time", "description": "From 1970 to five minutes ahead."}
_ENVELOPE: dict[str, Any] = {
    "event_id": _ID | {"description": "With workspace, stream and source it makes the event unique."},
    "type": _NAME,
    "stream_id": _STREAM_ID,
    "timestamp": _TIME
    | _OPTIONAL
    | {"description": "Event time, from 1970 to five minutes ahead; absent: the time of arrival."},
    "source": _NAME | _OPTIONAL | {"description": "Absent: `api`."},
    "workspace_id": _ID | _OPTIONAL | {"description": "Only the workspace of the request is allowed: `default`."},
    "correlation_id": _ID | _OPTIONAL,
}
_CLOUD_ENVELOPE: dict[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": _ID,
    "source": _NAME,
    "type": _NAME,
    "subject": _STREAM_ID | {"description": "The stream."},
    "time": _TIME | _OPTIONAL,
    "datacontenttype": {"enum": ["application/json", None]},
}


def request_body(registry: Registry) -> dict[str, Any]:
    """The `requestBody` of POST /api/v1/events."""
    event = {"$ref": REF.format(name="Event")}
    cloud_event = {"$ref": REF.format(name="CloudEvent")}
    chat = EVENT_EXAMPLES["chat"]
    lines = "\n".join(msgspec.json.encode(example).decode() for example in EVENT_EXAMPLES.values())
    return {
        "required": True,
        "description": "CloudEvents in binary mode have their attributes in `ce-` headers and the data as the body.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [event, _list_of(event)]},
                "examples": {
                    "one": {"summary": "One event", "value": chat},
                    "many": {"summary": "An array", "value": list(EVENT_EXAMPLES.values())},
                },
            },
            "application/x-ndjson": {
                # In the text and not as an example: what reads examples to send them cannot make lines of JSON.
                "schema": {"type": "string", "description": f"One event a line:\n```\n{lines}\n```"},
            },
            "application/cloudevents+json": {"schema": cloud_event, "example": CLOUD_EVENT_EXAMPLE},
            "application/cloudevents-batch+json": {
                "schema": _list_of(cloud_event),
                "example": [CLOUD_EVENT_EXAMPLE],
            },
        },
    }


def intake_components(registry: Registry) -> dict[str, Any]:
    """The schemas that `request_body` refers to: an event is the envelope with one of the types' data."""
    models = [declared.model for declared in registry.types.values()]
    _, components = msgspec.json.schema_components(models, ref_template=REF)
    types = list(registry.types.values())
    _forbid_nul(components)
    components["Event"] = {
        "title": "Event",
        "description": "One fact about a stream.",
        "anyOf": [_event(declared, _ENVELOPE, ["event_id", "type", "stream_id", "data"]) for declared in types],
    }
    components["CloudEvent"] = {
        "title": "CloudEvent",
        "description": "One fact as CloudEvents 1.0 writes it.",
        "anyOf": [
            _event(declared, _CLOUD_ENVELOPE, ["specversion", "id", "source", "type", "subject", "data"])
            for declared in types
        ],
    }
    return components


def _list_of(event: dict[str, Any]) -> dict[str, Any]:
    """A list is always taken, and what is in it told apart: an element that is no event is rejected alone."""
    return {"type": "array", "items": {"anyOf": [event, {"description": "Rejected."}]}}


def _forbid_nul(schema: Any) -> None:
    """Say of every text without a form of its own that it holds no NUL."""
    if isinstance(schema, dict):
        if schema.get("type") == "string" and not schema.keys() & {"pattern", "format", "enum", "const"}:
            schema["pattern"] = NO_NUL
        for part in list(schema.values()):
            _forbid_nul(part)
    elif isinstance(schema, list):
        for part in schema:
            _forbid_nul(part)


def _event(declared: EventType, envelope: dict[str, Any], required: list[str]) -> dict[str, Any]:
    data = {"$ref": REF.format(name=declared.model.__name__)}
    properties = envelope | {"type": {"const": declared.name}, "data": data}
    return {"title": declared.name, "type": "object", "properties": properties, "required": required}
