"""Recorded files to batches of NDJSON lines, with the times that the replay gives to their events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from telemetra.formats.draft import Draft, NoData
from telemetra.formats.problems import LineError
from telemetra.model.event import DEFAULT_SOURCE
from telemetra.model.times import to_datetime
from telemetra.model.window import SECOND
from telemetra.sources.replay_files import RecordedFile

BATCH_BYTES_MAX: Final = 4 << 20
PACED_SPAN_SECONDS: Final = 0.25
"""A paced batch holds at most this much of the time that passes for the viewer."""
PROBLEMS_SHOWN: Final = 20


class Wire(msgspec.Struct, omit_defaults=True, gc=False):
    """A native event as it is sent."""

    event_id: str
    type: str
    stream_id: str
    data: dict[str, object] | msgspec.Raw
    timestamp: datetime | None = None
    source: str = DEFAULT_SOURCE
    workspace_id: str | None = None
    correlation_id: str | None = None


class Batch(msgspec.Struct):
    """Lines to send and where each was found. `due` is the event time (µs) of the newest, None without times."""

    lines: list[bytes] = msgspec.field(default_factory=list)
    places: list[str] = msgspec.field(default_factory=list)
    size_bytes: int = 0
    start: int | None = None
    due: int | None = None


class Reading(msgspec.Struct):
    """What was met in the files so far: lines that could not be read, lines without events, the first problems."""

    bad: Counter[str] = msgspec.field(default_factory=Counter)
    no_data: Counter[str] = msgspec.field(default_factory=Counter)
    problems: list[str] = msgspec.field(default_factory=list)

    def note(self, place: str, code: str, detail: str) -> None:
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(f"{place}: {code}: {detail}")


def newest_time(files: Sequence[RecordedFile]) -> int | None:
    """The newest event time in the files (µs); reads them through."""
    times = (draft.timestamp for file in files for draft in _drafts(file) if draft.timestamp is not None)
    newest = max(times, default=None)
    for file in files:
        file.position_bytes = 0
    return newest


class BatchReader:
    """Makes batches of at most `batch` events and 4 MiB; with a `speed`, of at most a quarter of a second.

    An event without a time takes that of the event before it in its file (the first of the file, if it leads), so that
    it does not pull its stream into the present; in a file without any times the server stamps the arrival. `shift` is
    added to all times (µs).
    """

    def __init__(
        self, batch: int, *, shift: int = 0, speed: float | None = None, workspace_id: str | None = None
    ) -> None:
        self.reading = Reading()
        self._batch = batch
        self._shift = shift
        self._span = None if speed is None else int(PACED_SPAN_SECONDS * speed * SECOND)
        self._workspace_id = workspace_id
        self._encode = msgspec.json.Encoder().encode

    def read(self, files: Sequence[RecordedFile]) -> Iterator[Batch]:
        batch = Batch()
        for file in files:
            time = next((draft.timestamp for draft in _drafts(file) if draft.timestamp is not None), None)
            for number, found in file.read():
                place = f"{file.path.name}:{number}"
                if isinstance(found, LineError):
                    self.reading.bad[found.code] += 1
                    self.reading.note(place, found.code, found.detail)
                elif isinstance(found, NoData):
                    self.reading.no_data[found.reason] += 1
                else:
                    for draft in found:
                        time = time if draft.timestamp is None else draft.timestamp
                        line = self._line(draft, time)
                        if batch.lines and self._is_full(batch, line, time):
                            yield batch
                            batch = Batch()
                        _add(batch, line, place, time)
        if batch.lines:
            yield batch

    def _line(self, draft: Draft, time: int | None) -> bytes:
        return self._encode(
            Wire(
                event_id=draft.event_id,
                type=draft.type,
                stream_id=draft.stream_id,
                data=draft.data,
                timestamp=None if time is None else to_datetime(time + self._shift),
                source=draft.source,
                workspace_id=self._workspace_id or draft.workspace_id,
                correlation_id=draft.correlation_id,
            )
        )

    def _is_full(self, batch: Batch, line: bytes, time: int | None) -> bool:
        if len(batch.lines) >= self._batch or batch.size_bytes + len(line) > BATCH_BYTES_MAX:
            return True
        return (
            self._span is not None and time is not None and batch.start is not None and time - batch.start > self._span
        )


def _add(batch: Batch, line: bytes, place: str, time: int | None) -> None:
    batch.lines.append(line)
    batch.places.append(place)
    batch.size_bytes += len(line) + 1
    if time is not None:
        batch.start = time if batch.start is None else batch.start
        batch.due = time if batch.due is None else max(batch.due, time)


def _drafts(file: RecordedFile) -> Iterator[Draft]:
    for _, found in file.read():
        if isinstance(found, list):
            yield from found
