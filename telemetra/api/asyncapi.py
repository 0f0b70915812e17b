"""The AsyncAPI 3 document of the live push, made from the types of its messages."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra import __version__
from telemetra.api.intake_document import REF
from telemetra.api.parameters import STREAM_ID_PATTERN
from telemetra.api.push_messages import (
    OVERVIEW_RECEIVED,
    OVERVIEW_SENT,
    REALTIME_RECEIVED,
    REALTIME_SENT,
    RECEIVED,
    SENT,
)

_WEBSOCKET = "liveWebSocket"
_EVENTS = "liveEvents"
_REALTIME = "realtime"
_OVERVIEW = "overviewWebSocket"
_PARAMETERS = {"stream_id": {"description": f"Id of the stream, known or not yet: `{STREAM_ID_PATTERN}`."}}
_FILTER = {
    "type": "object",
    "properties": {
        name: {"type": "string", "maxLength": 200, "description": f"Only updates of this {name}."}
        for name in ("exchange", "instrument", "connector_id")
    },
}


def build_asyncapi(title: str) -> dict[str, Any]:
    """Two channels carry the same messages about a stream; the others all streams, and what connectors fetch."""
    models = tuple(
        dict.fromkeys(SENT + RECEIVED + REALTIME_SENT + REALTIME_RECEIVED + OVERVIEW_SENT + OVERVIEW_RECEIVED)
    )
    _, schemas = msgspec.json.schema_components(models, ref_template=REF)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{title}: live push",
            "version": __version__,
            "description": "What live clients are sent. REST is in `/openapi.json`.",
        },
        "defaultContentType": "application/json",
        "channels": {
            _WEBSOCKET: {
                "address": "/ws/live/{stream_id}",
                "description": "WebSocket; every message is one text frame.",
                "parameters": _PARAMETERS,
                "messages": _references(SENT + RECEIVED),
                "bindings": {"ws": {"method": "GET"}},
            },
            _EVENTS: {
                "address": "/api/v1/streams/{stream_id}/live",
                "description": "Server-sent events. The id of an event is `epoch:offset`; send the last one back in "
                "`Last-Event-ID` to get the moments since.",
                "parameters": _PARAMETERS,
                "messages": _references(SENT),
                "bindings": {"http": {"method": "GET"}},
            },
            _OVERVIEW: {
                "address": "/ws/live",
                "description": "WebSocket; all streams at once, for lists. Whoever is slow gets all rows again.",
                "messages": _references(OVERVIEW_SENT + OVERVIEW_RECEIVED),
                "bindings": {"ws": {"method": "GET"}},
            },
            _REALTIME: {
                "address": "/api/realtime",
                "description": "WebSocket; every event of a connector, once it is stored, is one text frame.",
                "messages": _references(REALTIME_SENT + REALTIME_RECEIVED),
                "bindings": {"ws": {"method": "GET", "query": _FILTER}},
            },
        },
        "operations": {
            "pushOverview": _operation("send", _OVERVIEW, OVERVIEW_SENT),
            "takeFromOverview": _operation("receive", _OVERVIEW, OVERVIEW_RECEIVED),
            "pushToWebSocket": _operation("send", _WEBSOCKET, SENT),
            "takeFromWebSocket": _operation("receive", _WEBSOCKET, RECEIVED),
            "pushEvents": _operation("send", _EVENTS, SENT),
            "pushUpdates": _operation("send", _REALTIME, REALTIME_SENT),
            "takeFromRealtime": _operation("receive", _REALTIME, REALTIME_RECEIVED),
        },
        "components": {
            "messages": {
                model.__name__: {
                    "name": str(model.__struct_config__.tag),
                    "title": model.__name__,
                    "summary": (model.__doc__ or "").partition("\n")[0],
                    "payload": {"$ref": REF.format(name=model.__name__)},
                }
                for model in models
            },
            "schemas": schemas,
        },
    }


def _references(models: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in models}


def _operation(action: str, channel: str, models: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{model.__name__}"} for model in models],
    }
