"""What flows through the log: accepted events and the rejections of the same requests.

Times are integer microseconds since the Unix epoch (UTC): exact, cheap to compare and to divide into windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

DEFAULT_WORKSPACE = "default"
DEFAULT_SOURCE = "api"

StreamKey = tuple[str, str]
"""(workspace_id, stream_id)."""


class Event(msgspec.Struct, array_like=True, tag_field="item", tag="e", gc=False):
    """One immutable fact, validated by intake. (Tagged as old records of the log have it.)

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


class Run(msgspec.Struct, array_like=True, tag_field="item", tag="run", gc=False):
    """Events that stand one after another in the log and differ in id, time and data alone, by columns: so that nothing
    need be done for each of them that can be done for all. `len` gives their number, at least one."""

    type: str
    workspace_id: str
    stream_id: str
    source: str
    received_at: int
    correlation_id: str | None
    connector_id: str | None
    session_id: str | None
    event_ids: list[str]
    timestamps: list[int]
    data: list[bytes]

    def __len__(self) -> int:
        return len(self.event_ids)

    def part(self, start: int, stop: int) -> Run:
        """Those from `start` up to `stop`, exclusive."""
        return Run(
            self.type,
            self.workspace_id,
            self.stream_id,
            self.source,
            self.received_at,
            self.correlation_id,
            self.connector_id,
            self.session_id,
            self.event_ids[start:stop],
            self.timestamps[start:stop],
            self.data[start:stop],
        )

    def event(self, at: int) -> Event:
        return Event(
            self.event_ids[at],
            self.type,
            self.workspace_id,
            self.stream_id,
            self.source,
            self.timestamps[at],
            self.received_at,
            self.data[at],
            self.correlation_id,
            self.connector_id,
            self.session_id,
        )


_common = attrgetter(*Run.__struct_fields__[: Run.__struct_fields__.index("event_ids")])


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

    def __len__(self) -> int:
        return 1


LogItem = Run | Rejection
"""Each event and each rejection has an offset of its own: an item has as many as its `len` says."""


def in_runs(items: Iterable[Event | Rejection]) -> list[LogItem]:
    """The same in the same order, neighbours that can be one run as one."""
    found: list[LogItem] = []
    for kind, alike in groupby(items, type):
        if kind is Rejection:
            found += alike  # type: ignore[arg-type]
        else:
            found += [_run(common, list(events)) for common, events in groupby(alike, _common)]  # type: ignore[arg-type]
    return found


def _run(common: tuple[Any, ...], events: list[Event]) -> Run:
    ids, times = [event.event_id for event in events], [event.timestamp for event in events]
    return Run(*common, ids, times, [event.data for event in events])  # type: ignore[call-arg]


def one_by_one(items: Iterable[LogItem]) -> Iterator[Event | Rejection]:
    """What has an offset of its own, in this order."""
    for item in items:
        if isinstance(item, Rejection):
            yield item
        else:
            yield from map(item.event, range(len(item)))


def count_of(items: Iterable[LogItem]) -> int:
    """How many offsets they take."""
    return sum(map(len, items))


def cut(items: Sequence[LogItem], start: int, stop: int) -> list[LogItem]:
    """What takes the offsets from `start` up to `stop`, exclusive, where the first of `items` has offset 0."""
    found: list[LogItem] = []
    at = 0
    for item in items:
        first, last = max(start - at, 0), min(stop - at, len(item))
        if first < last:
            whole = last - first == len(item)
            found.append(item if whole or isinstance(item, Rejection) else item.part(first, last))
        at += len(item)
    return found
