"""Binary COPY rows of the archive, encoded by hand: the driver would take 6 to 9 microseconds of Python a row.

Format: PostgreSQL documentation, COPY, "Binary Format". A field is its length and its bytes, length -1 is NULL;
timestamptz is microseconds since 2000-01-01, jsonb is a version byte and the JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from struct import Struct

from telemetra.engine.effects import Archived
from telemetra.model.event import Run

try:
    from telemetra.store import _copy_rows as compiled
except ImportError:  # made at installation, where there is a C compiler
    compiled = None  # type: ignore[assignment]

# What is the same for many events comes first, so that it is encoded once for all of them.
COLUMNS = (
    "workspace_id",
    "stream_id",
    "partition",
    "disposition",
    "type",
    "source",
    "connector_id",
    "session_id",
    "correlation_id",
    "log_offset",
    "timestamp",
    "received_at",
    "event_id",
    "data",
)

PART_ROWS = 2_000
"""So many are encoded at once: what was just written is still in the cache when it is sent."""

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_POSTGRES_EPOCH = 946_684_800_000_000
_NULL = b"\xff\xff\xff\xff"

_fields = Struct(">h").pack
_length = Struct(">i").pack
_integer = Struct(">ii").pack
_numbers = Struct(">iqiqiqi").pack
_jsonb = Struct(">ib").pack


def encode_rows(archived: Iterable[Archived], partition: int) -> Iterator[bytes]:
    """The input of `COPY events (COLUMNS) FROM STDIN (FORMAT BINARY)`, in parts of `PART_ROWS` rows or so."""

    def start(run: Run, disposition: str) -> bytes:
        return _start(run, disposition, partition)

    rows = plain_rows if compiled is None else compiled.rows
    yield _HEADER
    part: list[Archived] = []
    size = 0
    for one in archived:
        part.append(one)
        size += len(one[1])
        if size >= PART_ROWS:
            yield rows(part, start)
            part.clear()
            size = 0
    yield rows(part, start)
    yield _TRAILER


def plain_rows(archived: Iterable[Archived], start: Callable[[Run, str], bytes]) -> bytes:
    """The rows alone. `start` makes the fields that come first, which the events of a run have in common.

    This is for where nothing is compiled; `_copy_rows.c` does the same, in half the time.
    """
    parts: list[bytes] = []
    for offset, run, disposition in archived:
        first, received_at = start(run, disposition), run.received_at - _POSTGRES_EPOCH
        for number, text, time, data in zip(count(offset), run.event_ids, run.timestamps, run.data, strict=False):
            event_id = text.encode()
            parts += (
                first,
                _numbers(8, number, 8, time - _POSTGRES_EPOCH, 8, received_at, len(event_id)),
                event_id,
                _jsonb(len(data) + 1, 1),
                data,
            )
    return b"".join(parts)


def _start(run: Run, disposition: str, partition: int) -> bytes:
    texts = (disposition, run.type, run.source, run.connector_id, run.session_id, run.correlation_id)
    return b"".join(
        (
            _fields(len(COLUMNS)),
            _text(run.workspace_id),
            _text(run.stream_id),
            _integer(4, partition),
            *map(_text, texts),
        )
    )


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return _length(len(encoded)) + encoded
