"""Chat to measure with: the texts and names of a real stream where the captured data is there, else the simulator's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from telemetra.model.event import Event
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.sources.simulate import Simulation

LIRIK = Path(__file__).resolve().parents[3] / "shared" / "data" / "chat" / "lirik-2015.csv"
LONGEST_MESSAGE = 500

_encode = msgspec.json.Encoder().encode


class Line(NamedTuple):
    user: str
    text: str


@cache
def lines() -> tuple[Line, ...]:
    """Messages in the order in which they were written, at most 500 characters each."""
    if LIRIK.exists():
        with LIRIK.open(encoding="utf-8", errors="replace") as file:
            fields = [line.rstrip("\n").split(",", 3) for line in file]
        return tuple(Line(user, text[:LONGEST_MESSAGE]) for _, _, user, text in fields if text)
    events = Simulation(seed=1, origin=0).events(0, 3600 * SECOND)
    chat = (event["data"] for event in events if event["type"] == "chat.message")
    return tuple(Line(data["user_id"], data["message"]) for data in islice(chat, 40_000))


def source() -> str:
    kind = "captured chat" if LIRIK.exists() else "simulated chat (no captured data here)"
    return f"{kind}, {len(lines()):,} different messages"


def now() -> int:
    """The machine's clock in microseconds."""
    return round(datetime.now(UTC).timestamp() * SECOND)


class Feed:
    """Chat of `streams` streams in turn, `rate` events a second of event time in all, from `start` (microseconds).

    Ids and streams are named after `name`.
    """

    def __init__(self, name: str, *, streams: int, rate: float, start: int) -> None:
        self._name = name
        self._streams = streams
        self._step = round(SECOND / rate)
        self._start = start

    def events(self, count: int) -> list[Event]:
        """As they come out of the log, received a second after they happened."""
        return [
            Event(f"{self._name}-{n}", "chat.message", "default", stream, "api", time, time + SECOND, _data(line))
            for n, stream, time, line in self._rows(count)
        ]

    def bodies(self, count: int, per_request: int) -> list[bytes]:
        """The same events as JSON arrays for POST /api/v1/events."""
        rows = self._rows(count)
        return [
            b"[" + b",".join(map(self._json, part)) + b"]" for part in iter(lambda: list(islice(rows, per_request)), [])
        ]

    def tuples(self, count: int) -> list[tuple[str, int, str, str]]:
        """(stream, microseconds, user, text): decoded as far as it goes."""
        return [(stream, time, line.user, line.text) for _, stream, time, line in self._rows(count)]

    def _rows(self, count: int) -> Iterator[tuple[int, str, int, Line]]:
        names = [f"{self._name}-{number}" for number in range(self._streams)]
        for n, line in enumerate(islice(cycle(lines()), count)):
            yield n, names[n % self._streams], self._start + n * self._step, line

    def _json(self, row: tuple[int, str, int, Line]) -> bytes:
        n, stream, time, line = row
        data = msgspec.Raw(_data(line))
        event_id = f"{self._name}-{n}"
        return _encode(
            {
                "event_id": event_id,
                "type": "chat.message",
                "stream_id": stream,
                "timestamp": rfc3339(time),
                "data": data,
            }
        )


@cache
def _data(line: Line) -> bytes:
    return _encode({"user_id": line.user, "username": line.user, "message": line.text})
