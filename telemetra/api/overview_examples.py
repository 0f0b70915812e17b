"""Examples of the answers of overview.py."""

from __future__ import annotations

from typing import Any, Final

from telemetra.operations.kinds import KindDeclaration
from telemetra.operations.overview import StreamOverview

OVERVIEW_EXAMPLES: Final[dict[type, dict[str, Any]]] = {
    KindDeclaration: {
        "name": "broadcast",
        "event_types": ["chat.message", "viewer.count", "transaction", "stream.meta"],
        "metrics": [
            {
                "name": "chat_rate",
                "label": "Chat",
                "form": "rate",
                "unit": "messages/min",
                "draw": "line",
                "headline": True,
                "known": None,
            }
        ],
        "series": [
            {
                "name": "chat",
                "metric_name": "chat_rate",
                "unit": "messages",
                "primary": True,
                "moments": [
                    {"moment_type": "chat_spike", "direction": "up"},
                    {"moment_type": "chat_drop", "direction": "down"},
                ],
            }
        ],
    },
    StreamOverview: {
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
        "newest": {
            "timestamp": "2015-10-17T11:30:00Z",
            "metrics": {"viewer_count": 18250, "viewers_known": True, "chat_rate": 96.0, "sentiment_score": 0.21},
            "is_anomaly": False,
            "suspect": False,
        },
        "line": [71.0, 88.0, None, 96.0],
        "last_moment": {
            "moment_id": "4f39347a-1231-55d7-8a63-e37d332a77d3",
            "version": 2,
            "timestamp": "2015-10-17T11:20:10Z",
            "ended_at": "2015-10-17T11:21:40Z",
            "moment_type": "chat_spike",
            "description": "Chat rose to 301 messages a minute, 3.1 times the usual 97.",
            "severity": 0.62,
        },
        "stale_after_seconds": 30.0,
    },
}
