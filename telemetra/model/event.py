"""What flows through the log: accepted events and the rejections of the same requests.

Times are integer microseconds since the Unix epoch (UTC): exact, cheap to compare and to divide into windows.
"""

from __future__ import annotations

import msgspec

DEFAULT_WORKSPACE = "default"
DEFAULT_SOURCE = "api"

StreamKey = tuple[str, str]
"""(workspace_id, stream_id)."""


class Event(msgspec.Struct, array_like=True, tag_field="item", tag="e", gc=False):
    """One immutable fact, validated by intake.

    `data` is the JSON object as the sender wrote it, in UTF-8 and safe for a jsonb column: it is carried from the
    request to the archive without being encoded again.
    """

    event_id: str
    type: str
    workspace_id: str
    stream_id: str
    source: str
    timestamp: int
    received_at: int
    data: bytes
    correlation_id: str | None = None
    connector_id: str | None = None
    session_id: str | None = None


class Rejection(msgspec.Struct, array_like=True, tag_field="item", tag="r", gc=False):
    """One event that intake refused: where it stood in its request, why, and what it was (at most 64 KiB)."""

    index: int
    code: str
    detail: str
    raw: bytes
    workspace_id: str
    source: str
    received_at: int
    correlation_id: str | None = None


LogItem = Event | Rejection
"""Each item of the log has an offset of its own."""
