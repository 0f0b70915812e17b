"""Window arithmetic and the answers of the engine. All times are integer microseconds since the epoch."""

from __future__ import annotations

from typing import Any

import msgspec

SECOND = 1_000_000
HOP = 10 * SECOND
MINUTE = 60 * SECOND
HOPS_PER_WINDOW = MINUTE // HOP


def hop_start(time: int) -> int:
    """The start of the hop that holds `time` (start inclusive, end exclusive)."""
    return time - time % HOP


def minute_start(time: int) -> int:
    """The start of the minute that holds `time`."""
    return time - time % MINUTE


class Observation(msgspec.Struct, array_like=True):
    """What one hop of a stream looked like when the watermark first reached its end.

    `values` holds a number per series of the kind, None where a gauge has no reading; `weights` the number of events
    behind the value of a mean. `evidence` holds values per evidence name (`messages`, `emotes`) as [value, count]
    pairs, most frequent first. `facts` are further numbers that add up over hops (those that are 0 may be left out),
    `participants` codes of who took part, `happenings` what was announced (plain data, each with its `time`).
    """

    end: int
    values: dict[str, float | None]
    evidence: dict[str, list[tuple[str, int]]]
    weights: dict[str, float] = {}
    facts: dict[str, float] = {}
    participants: list[int] = []
    happenings: list[dict[str, Any]] = []


class Band(msgspec.Struct, frozen=True):
    """What was usual for the primary series of a stream when a minute was judged, in the unit of the series.

    `level` is its usual value; a moment begins at or above `high` and at or below `low` by height alone (0: it cannot
    fall so far).
    """

    level: float
    low: float
    high: float


class MinuteRow(msgspec.Struct):
    """One stored minute of one stream: `values` holds a value per column of the kind's table."""

    workspace_id: str
    stream_id: str
    kind: str
    window_start: int
    values: dict[str, Any]
    z_score: float | None
    is_anomaly: bool
    baseline: Band | None = None
    suspect: bool = False


class Snapshot(msgspec.Struct):
    """The provisional last minute of a stream: `values` as in a minute row, over `seconds` (50 to 60) of the stream.

    `data_at` is the arrival of the stream's newest event; `has_data` is False once the minute covered is empty.
    """

    workspace_id: str
    stream_id: str
    kind: str
    window_end: int
    seconds: float
    values: dict[str, Any]
    has_data: bool
    data_at: int
    z_score: float | None
    baseline: Band | None = None
