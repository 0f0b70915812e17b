"""Binary COPY rows of the archive, encoded by hand: about 2 microseconds an event where the driver needs 6 to 9.

Format: PostgreSQL documentation, COPY, "Binary Format". A field is its length and its bytes, length -1 is NULL;
timestamptz is microseconds since 2000-01-01, jsonb is a version byte and the JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct

from telemetra.engine.effects import Archived

COLUMNS = (
    "workspace_id",
    "stream_id",
    "partition",
    "log_offset",
    "disposition",
    "event_id",
    "type",
    "timestamp",
    "received_at",
    "source",
    "connector_id",
    "session_id",
    "correlation_id",
    "data",
)

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_POSTGRES_EPOCH = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"

_length = Struct(">i").pack
_bigint = Struct(">iq").pack
_two_bigints = Struct(">iqiq").pack
_jsonb = Struct(">ib").pack


@lru_cache(maxsize=4096)
def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return _length(len(encoded)) + encoded


@lru_cache(maxsize=4096)
def _row_start(workspace_id: str, stream_id: str, partition: int) -> bytes:
    return Struct(">h").pack(len(COLUMNS)) + _text(workspace_id) + _text(stream_id) + Struct(">ii").pack(4, partition)


def encode_rows(archived: Iterable[Archived], partition: int) -> bytes:
    """The whole input of `COPY events (COLUMNS) FROM STDIN (FORMAT BINARY)`."""
    parts = [_HEADER]
    for offset, event, disposition in archived:
        event_id, data = event.event_id.encode(), event.data
        parts += (
            _row_start(event.workspace_id, event.stream_id, partition),
            _bigint(8, offset),
            _text(disposition),
            _length(len(event_id)),
            event_id,
            _text(event.type),
            _two_bigints(8, event.timestamp - _POSTGRES_EPOCH, 8, event.received_at - _POSTGRES_EPOCH),
            _text(event.source),
            _text(event.connector_id),
            _text(event.session_id),
            _text(event.correlation_id),
            _jsonb(len(data) + 1, 1),
            data,
        )
    parts.append(_TRAILER)
    return b"".join(parts)
