"""One example of everything the API answers and takes, as JSON shows it. Tests hold them against the models."""

from __future__ import annotations

from typing import Any, Final

from telemetra.api.connector_examples import CONNECTOR_EXAMPLES
from telemetra.api.live_routes import LiveHealth
from telemetra.api.moment_examples import MOMENT_EXAMPLES
from telemetra.api.overview_examples import OVERVIEW_EXAMPLES
from telemetra.operations.models import (
    Accepted,
    Alive,
    DeadLetter,
    DetailedHealth,
    Health,
    Ledger,
    Moment,
    Ready,
    Redriven,
    Root,
    StoredEvent,
    Stream,
    StreamLedger,
    StreamMetrics,
)

_COUNTS: Final = {"received": 712, "counted": 705, "duplicate": 4, "late": 1, "rejected": 2, "dead": 0}
_CHAT: Final = {"user_id": "u42", "username": "kappa_fan", "message": "that was close PogChamp", "emotes": ["PogChamp"]}

EVENT_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "chat": {
        "event_id": "m-1001",
        "type": "chat.message",
        "stream_id": "lirik",
        "timestamp": "2015-10-17T11:30:00Z",
        "data": _CHAT,
    },
    "viewers": {
        "event_id": "v-77",
        "type": "viewer.count",
        "stream_id": "lirik",
        "timestamp": "2015-10-17T11:30:05Z",
        "data": {"viewer_count": 18250},
    },
}

CLOUD_EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "m-1001",
    "source": "twitch",
    "type": "chat.message",
    "subject": "lirik",
    "time": "2015-10-17T11:30:00Z",
    "data": _CHAT,
}

PROBLEM_EXAMPLE: Final[dict[str, Any]] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is no stream 'nobody'.",
    "error": "Not Found",
    "error_code": "not_found",
    "timestamp": "2026-01-31T12:00:00Z",
    "path": "/api/v1/streams/nobody",
    "correlation_id": "5f0c7e6f3c1d4a0f9e2b7d8a6c5b4a39",
}

EXAMPLES: Final[dict[type, dict[str, Any]]] = {
    Root: {
        "name": "Telemetra API",
        "version": "0.1.0",
        "status": "running",
        "docs": "/docs",
        "health": "/health",
    },
    Alive: {"status": "ok"},
    Ready: {"status": "ready", "role": "leader", "lag_seconds": 0.0},
    LiveHealth: {"status": "ok", "active_streams": 1, "total_connections": 2, "streams": {"lirik": 2}},
    Health: {"status": "ok", "timestamp": "2026-01-31T12:00:00Z", "database": "ok", "redis": "embedded"},
    DetailedHealth: {
        "status": "healthy",
        "timestamp": "2026-01-31T12:00:00Z",
        "version": "0.1.0",
        "services": {
            "database": {"status": "healthy", "latency_ms": 0.9, "details": {"connections": 6}},
            "redis": {"status": "embedded", "latency_ms": None, "details": {}},
        },
    },
    Stream: {
        "stream_id": "lirik",
        "kind": "broadcast",
        "streamer_name": "lirik",
        "title": "Sunday games",
        "game_category": "Variety",
        "started_at": "2015-10-17T11:00:00Z",
        "ended_at": None,
        "is_live": True,
        "viewer_count": 18250,
        "last_event_at": "2015-10-17T11:30:05Z",
        "state": "live",
    },
    StreamMetrics: {
        "stream_id": "lirik",
        "timestamp": "2015-10-17T11:31:00Z",
        "viewer_count": 18250,
        "viewers_known": True,
        "chat_rate": 96.0,
        "chat_rate_per_second": 1.6,
        "chat_count": 96,
        "shared_count": 0,
        "unique_chatters": 71,
        "top_emotes": [{"name": "PogChamp", "count": 12, "emote": "PogChamp"}],
        "sentiment_score": 0.31,
        "positive_count": 40,
        "negative_count": 11,
        "revenue": "14.99",
        "revenue_by_currency": {"USD": "14.99"},
        "z_score": 0.8,
        "baseline": {"level": 72.0, "low": 12.4, "high": 172.8},
        "is_anomaly": False,
        "suspect": False,
        "final": True,
    },
    Moment: {
        "moment_id": "0b7b1d7e-6f0a-5c4e-9d3e-0c9d0f6f7a11",
        "version": 3,
        "stream_id": "lirik",
        "timestamp": "2015-10-17T12:04:10Z",
        "ended_at": "2015-10-17T12:05:30Z",
        "moment_type": "chat_spike",
        "description": "Chat rose to 402 messages a minute, usually 96.",
        "metric_name": "chat_rate",
        "metric_value": 402.0,
        "threshold": 171.0,
        "z_score": 9.4,
        "severity": 0.86,
        "metadata": {"baseline": 96.0, "stream_offset_seconds": 3850, "cause": "hype", "confidence": 0.8},
    },
    StoredEvent: {
        "event_id": "m-1001",
        "type": "chat.message",
        "workspace_id": "default",
        "stream_id": "lirik",
        "source": "api",
        "timestamp": "2015-10-17T11:30:00Z",
        "received_at": "2015-10-17T11:30:00.214000Z",
        "disposition": "counted",
        "correlation_id": None,
        "connector_id": None,
        "session_id": None,
        "data": _CHAT,
        "position": "2015-10-17T11:30:00Z,0,4711",
    },
    Ledger: {
        "rows": [{"minute": "2015-10-17T11:30:00Z", "source": "api", **_COUNTS}],
        "total": _COUNTS,
    },
    StreamLedger: {
        "rows": [{"minute": "2015-10-17T11:30:00Z", "duplicate": 4, "late": 1}],
        "total": {"duplicate": 4, "late": 1},
    },
    DeadLetter: {
        "id": "7f3a1c1e-2b4d-4e5f-8a9b-0c1d2e3f4a5b",
        "disposition": "rejected",
        "source": "api",
        "code": "unknown_type",
        "detail": "type: no kind declares 'chat.mesage'",
        "raw": '{"event_id":"m-1","type":"chat.mesage","stream_id":"lirik","data":{}}',
        "received_at": "2015-10-17T11:30:00Z",
        "correlation_id": "5f0c7e6f3c1d4a0f9e2b7d8a6c5b4a39",
        "redriven_at": None,
    },
    Redriven: {
        "id": "7f3a1c1e-2b4d-4e5f-8a9b-0c1d2e3f4a5b",
        "outcome": "accepted",
        "redriven_at": "2015-10-17T12:00:00Z",
    },
    Accepted: {
        "accepted": 2,
        "duplicate": 0,
        "rejected": [
            {
                "index": 1,
                "code": "missing_field",
                "detail": "data.message: is required",
                "field": "data.message",
            }
        ],
    },
    **MOMENT_EXAMPLES,
    **OVERVIEW_EXAMPLES,
    **CONNECTOR_EXAMPLES,
}
