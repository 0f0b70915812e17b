"""Chat to measure with: the texts and names of a real stream where the captured data is there, else the simulator's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from telemetra.model.event import Event
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.sources.simulate import Simulation

LIRIK = Path(__file__).resolve().parents[3] / "shared" / "data" / "chat" / "lirik-2015.csv"
LONGEST_MESSAGE = 450

_encode = msgspec.json.Encoder().encode


class Line(NamedTuple):
    user: str
    text: str
    repeated: bool


class Row(NamedTuple):
    number: int
    stream: str
    time: int
    user: str
    text: str


@cache
def lines() -> tuple[Line, ...]:
    """Messages in the order in which they were written, at most 450 characters each."""
    written = _read()
    times = Counter(text for _, text in written)
    return tuple(Line(user, text, times[text] > 1) for user, text in written)


def _read() -> list[tuple[str, str]]:
    if LIRIK.exists():
        with LIRIK.open(encoding="utf-8", errors="replace") as file:
            fields = [line.rstrip("\n").split(",", 3) for line in file]
        return [(user, text[:LONGEST_MESSAGE]) for _, _, user, text in fields if text]
    events = Simulation(seed=1, origin=0).events(0, 3600 * SECOND)
    chat = (event["data"] for event in events if event["type"] == "chat.message")
    return [(data["user_id"], data["message"]) for data in islice(chat, 40_000)]


def captured() -> Iterator[Event]:
    """The captured chat as events of one stream, each at its own time."""
    with LIRIK.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            said, _, user, text = line.rstrip("\n").split(",", 3)
            time = round(datetime.fromisoformat(said).replace(tzinfo=UTC).timestamp()) * SECOND
            data = _encode({"user_id": user, "message": text[:LONGEST_MESSAGE]})
            yield Event(str(number), "chat.message", "default", "lirik", "api", time, time + SECOND, data)


def source() -> str:
    kind = "captured chat" if LIRIK.exists() else "simulated chat (no captured data here)"
    return f"{kind}, {len(lines()):,} messages"


def now() -> int:
    """The machine's clock in microseconds."""
    return round(datetime.now(UTC).timestamp() * SECOND)


class Feed:
    """Chat of `streams` streams in turn, `rate` events a second of event time in all, from `start` (microseconds).

    Ids are named after `name`, streams too unless they are `called` otherwise. `skip`: lines left out before. `texts`:
    only so many lines, again and again, so that all is a repeat of what was read before.
    """

    def __init__(
        self,
        name: str,
        *,
        streams: int,
        rate: float,
        start: int,
        called: str | None = None,
        skip: int = 0,
        texts: int | None = None,
    ) -> None:
        self._name = name
        self._streams = [f"{called or name}-{number}" for number in range(streams)]
        self._step = round(SECOND / rate)
        self._start = start
        self._skip = skip
        self._texts = texts

    def events(self, count: int, per_request: int = 1000) -> list[Event]:
        """As they come out of the log; those of one request arrived together, a second after the last of them."""
        events = []
        for row in self.rows(count):
            received_at = self._start + (row.number // per_request + 1) * per_request * self._step + SECOND
            event_id = f"{self._name}-{row.number}"
            data = _encode(_data(row))
            events.append(Event(event_id, "chat.message", "default", row.stream, "api", row.time, received_at, data))
        return events

    def bodies(self, count: int, per_request: int) -> list[bytes]:
        """The same events as JSON arrays for POST /api/v1/events."""
        rows = self.rows(count)
        return [_encode(list(map(self._body, part))) for part in iter(lambda: list(islice(rows, per_request)), [])]

    def rows(self, count: int) -> Iterator[Row]:
        for number, line in enumerate(islice(cycle(lines()[: self._texts]), self._skip, self._skip + count)):
            # What nobody wrote twice is written but once here too, however often the file is gone through.
            once = self._texts is None and not line.repeated
            text = f"{line.text} {self._name}/{number // len(lines())}" if once else line.text
            time = self._start + number * self._step
            yield Row(number, self._streams[number % len(self._streams)], time, line.user, text)

    def _body(self, row: Row) -> dict[str, Any]:
        return {
            "event_id": f"{self._name}-{row.number}",
            "type": "chat.message",
            "stream_id": row.stream,
            "timestamp": rfc3339(row.time),
            "data": _data(row),
        }


def _data(row: Row) -> dict[str, str]:
    return {"user_id": row.user, "username": row.user, "message": row.text}
