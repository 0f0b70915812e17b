"""How the OpenAPI document describes what intake takes: the event types come from the kinds' own models."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.api.examples import CLOUD_EVENT_EXAMPLE, EVENT_EXAMPLES
from telemetra.kinds.base import EventType
from telemetra.kinds.registry import Registry

REF = "#/components/schemas/{name}"

_ID = {"type": "string", "minLength": 1, "maxLength": 200}
_NAME = {"type": "string", "minLength": 1, "maxLength": 100}
_STREAM_ID = {"type": "string", "pattern": "^[A-Za-z0-9._:@#-]{1,200}$"}
_TIME = {"type": "string", "format": "date-time", "description": "From 1970 to five minutes ahead."}
_ENVELOPE: dict[str, Any] = {
    "event_id": _ID | {"description": "With workspace, stream and source it makes the event unique."},
    "type": _NAME,
    "stream_id": _STREAM_ID,
    "timestamp": _TIME | {"description": "Event time, from 1970 to five minutes ahead; absent: the time of arrival."},
    "source": _NAME | {"description": "Absent: `api`."},
    "workspace_id": _ID | {"description": "Only the workspace of the request is allowed: `default`."},
    "correlation_id": _ID,
}
_CLOUD_ENVELOPE: dict[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": _ID,
    "source": _NAME,
    "type": _NAME,
    "subject": _STREAM_ID | {"description": "The stream."},
    "time": _TIME,
    "datacontenttype": {"type": "string", "example": "application/json"},
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
                "schema": {"oneOf": [event, {"type": "array", "items": event, "maxItems": 10_000}]},
                "examples": {
                    "one": {"summary": "One event", "value": chat},
                    "many": {"summary": "An array", "value": list(EVENT_EXAMPLES.values())},
                },
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One event a line."},
                "example": lines,
            },
            "application/cloudevents+json": {"schema": cloud_event, "example": CLOUD_EVENT_EXAMPLE},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "items": cloud_event},
                "example": [CLOUD_EVENT_EXAMPLE],
            },
        },
    }


def intake_components(registry: Registry) -> dict[str, Any]:
    """The schemas that `request_body` refers to: an event is the envelope with one of the types' data."""
    models = [declared.model for declared in registry.types.values()]
    _, components = msgspec.json.schema_components(models, ref_template=REF)
    types = list(registry.types.values())
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


def _event(declared: EventType, envelope: dict[str, Any], required: list[str]) -> dict[str, Any]:
    data = {"$ref": REF.format(name=declared.model.__name__)}
    properties = envelope | {"type": {"const": declared.name}, "data": data}
    return {"title": declared.name, "type": "object", "properties": properties, "required": required}
