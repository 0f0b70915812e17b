"""A stream as it is stored between checkpoints."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.model.window import Band


class StreamInfo(msgspec.Struct):
    """What is known about a stream: the row of `streams`.

    `started_at` and `ended_at` are event times, `last_event_at` is the arrival of the newest event (liveness is judged
    by arrival). `described` holds, per event type, the event time of the newest event whose fields were taken over.
    """

    kind: str
    streamer_name: str
    title: str | None = None
    game_category: str | None = None
    started_at: int | None = None
    ended_at: int | None = None
    is_live: bool = True
    last_event_at: int = 0
    viewer_count: int | None = None
    viewer_count_at: int | None = None
    described: dict[str, int] = msgspec.field(default_factory=dict)


class StreamState(msgspec.Struct):
    """What the engine must have to go on with a stream after a restart, beside the events of its open minutes.

    watermark, final_until, observed_until: SPEC 4, in microseconds (0 before the first event). `carry`: the last
    gauges of final minutes by measure. `minute_z`: z-scores of observed minutes that are not final, by window start,
    `minute_baselines`: what was usual then, where that is known.
    `detectors`: the detectors' own state, None where it has not changed since it was stored: they see a stream once a
    hop, while the rest changes with every event. `last_data_end`: end of the newest observed hop that held events.
    """

    workspace_id: str
    stream_id: str
    info: StreamInfo
    watermark: int = 0
    final_until: int = 0
    observed_until: int = 0
    last_data_end: int = 0
    carry: dict[str, Any] = msgspec.field(default_factory=dict)
    minute_z: dict[int, float | None] = msgspec.field(default_factory=dict)
    minute_baselines: dict[int, Band] = msgspec.field(default_factory=dict)
    detectors: bytes | None = None
