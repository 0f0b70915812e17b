"""A moment: something unusual in a stream, with its evidence."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from telemetra.model.window import SECOND

NAMESPACE = uuid.UUID("6f0c2a5e-3d0b-5c58-9a4e-6d1b5a3f7c10")


class Moment(msgspec.Struct):
    """One moment in one version; a later version replaces an earlier one of the same id.

    `timestamp` is the onset, `ended_at` is None while it lasts. `metric_value` is the peak so far, `threshold` the
    value above (or below) which it was unusual, `z_score` signed, `severity` 0..1. `metadata` holds baseline, window
    series, top messages and emotes, stream_offset_seconds, cause and confidence.
    """

    moment_id: uuid.UUID
    version: int
    workspace_id: str
    stream_id: str
    timestamp: int
    ended_at: int | None
    moment_type: str
    description: str
    metric_name: str
    metric_value: float
    threshold: float | None
    z_score: float | None
    severity: float
    metadata: dict[str, Any]
    emitted_offset: int | None = None


def moment_id(workspace_id: str, stream_id: str, moment_type: str, metric_name: str, onset: int) -> uuid.UUID:
    """The id of a moment: the same onset of the same series always has the same id (UUID version 5).

    `onset` is in microseconds; the id uses whole epoch seconds.
    """
    name = "\x1f".join((workspace_id, stream_id, moment_type, metric_name, str(onset // SECOND)))
    return uuid.uuid5(NAMESPACE, name)
