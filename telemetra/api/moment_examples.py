"""Examples of settings, back-tests and exports of moments; see examples.py."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from telemetra.moments.settings import apply_overrides
from telemetra.operations.moment_models import Backtest, BacktestRequest, DetectionSettings, ExportedMoment

OVERRIDES_EXAMPLE: Final[dict[str, Any]] = {"open_score": 0.7, "merge_seconds": 30}

_EFFECTIVE: Final[dict[str, Any]] = msgspec.json.decode(
    msgspec.json.encode(apply_overrides(OVERRIDES_EXAMPLE)), type=dict[str, Any]
)
_FOUND: Final[dict[str, Any]] = {
    "moment_id": "0b7b1d7e-6f0a-5c4e-9d3e-0c9d0f6f7a11",
    "moment_type": "chat_spike",
    "timestamp": "2015-10-17T12:04:10Z",
    "ended_at": "2015-10-17T12:05:30Z",
    "metric_name": "chat_rate",
    "metric_value": 402.0,
    "z_score": 9.4,
    "severity": 0.86,
    "description": "Chat rose to 402 messages a minute, 4.2 times the usual 96.",
    "cause": "hype",
    "overlaps": ["0b7b1d7e-6f0a-5c4e-9d3e-0c9d0f6f7a11"],
}
_MISSED: Final[dict[str, Any]] = {
    **_FOUND,
    "moment_id": "5a0d9c52-0c1e-5d3b-8a44-6e0b7f1c2d33",
    "timestamp": "2015-10-17T12:31:40Z",
    "ended_at": "2015-10-17T12:32:10Z",
    "metric_value": 171.0,
    "z_score": 4.2,
    "severity": 0.52,
    "description": "Chat rose to 171 messages a minute, 1.8 times the usual 96.",
    "cause": "unknown",
    "overlaps": [],
}

MOMENT_EXAMPLES: Final[dict[type, dict[str, Any]]] = {
    DetectionSettings: {"stream_id": "lirik", "overrides": OVERRIDES_EXAMPLE, "effective": _EFFECTIVE},
    BacktestRequest: {
        "stream_id": "lirik",
        "start_time": "2015-10-17T12:00:00Z",
        "end_time": "2015-10-17T14:00:00Z",
        "settings": OVERRIDES_EXAMPLE,
    },
    Backtest: {
        "stream_id": "lirik",
        "start_time": "2015-10-17T12:00:00Z",
        "end_time": "2015-10-17T14:00:00Z",
        "events": 18211,
        "hours": 2.0,
        "warm_up_seconds": 1800,
        "whole_history": True,
        "settings": _EFFECTIVE,
        "stored": {"alarms": 2, "alone": 1, "alarms_per_hour": 1.0, "moments": [_FOUND, _MISSED]},
        "replayed": {"alarms": 1, "alone": 0, "alarms_per_hour": 0.5, "moments": [_FOUND]},
    },
    ExportedMoment: {
        "moment_id": "0b7b1d7e-6f0a-5c4e-9d3e-0c9d0f6f7a11",
        "version": 3,
        "stream_id": "lirik",
        "timestamp": "2015-10-17T12:04:10Z",
        "ended_at": "2015-10-17T12:05:30Z",
        "moment_type": "chat_spike",
        "description": "Chat rose to 402 messages a minute, 4.2 times the usual 96.",
        "metric_name": "chat_rate",
        "metric_value": 402.0,
        "threshold": 171.0,
        "z_score": 9.4,
        "severity": 0.86,
        "metadata": {"stream_offset_seconds": 3850, "cause": "hype", "confidence": 0.8},
        "offset_seconds": 3850.0,
    },
}

CSV_EXAMPLE: Final = (
    "offset_seconds,offset,timestamp,ended_at,moment_type,severity,z_score,metric_name,metric_value,threshold,cause,"
    "confidence,description,moment_id\r\n"
    "3850.0,1:04:10,2015-10-17T12:04:10Z,2015-10-17T12:05:30Z,chat_spike,0.86,9.4,chat_rate,402.0,171.0,hype,0.8,"
    '"Chat rose to 402 messages a minute, 4.2 times the usual 96.",0b7b1d7e-6f0a-5c4e-9d3e-0c9d0f6f7a11\r\n'
)
CHAPTERS_EXAMPLE: Final = "0:00 Start\n1:04:10 Chat rose to 402 messages a minute, 4.2 times the usual 96\n"
EDL_EXAMPLE: Final = (
    "TITLE: lirik MOMENTS\r\nFCM: NON-DROP FRAME\r\n\r\n"
    "001  AX       V     C        01:04:10:00 01:05:30:00 00:00:00:00 00:01:20:00\r\n"
    "* FROM CLIP NAME: lirik\r\n"
    "* COMMENT: chat_spike 2015-10-17T12:04:10Z Chat rose to 402 messages a minute, 4.2 times the usual 96.\r\n"
)
