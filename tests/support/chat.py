"""Chat for the whole way through: made by hand with cheers in it, and recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from telemetra.model.event import Event
from telemetra.model.times import to_microseconds
from tests.support.engine import START, event

SECOND = 1_000_000


def cheering_chat(stream_id: str, minutes: int, *, start: int = 0, cheers: Sequence[int] = (10, 20)) -> list[Event]:
    """A message every two seconds from minute `start` on; in the minutes of `cheers` also 200 within ten seconds."""
    items: list[Event] = []
    for minute in range(start, minutes):
        times = [60 * minute + 2 * second for second in range(30)]
        if minute in cheers:
            times += [60 * minute + 20 + number / 20 for number in range(200)]
        for number, at in enumerate(sorted(times)):
            items.append(event(f"{stream_id}-{minute}-{number}", at, stream_id=stream_id))
    return items


def lirik_chat(path: Path, messages: int) -> list[Event]:
    """The first messages of the recorded chat, as a replay at full speed brings them in: 5,000 a second, at START."""
    events = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(islice(file, messages)):
            time, _, user, text = line.rstrip("\n").split(",", 3)
            data = json.dumps({"user_id": user, "message": text[:500]}).encode()
            timestamp = to_microseconds(datetime.fromisoformat(f"{time}+00:00"))
            arrival = START + number * SECOND // 5000
            events.append(Event(f"m{number}", "chat.message", "default", "lirik", "replay", timestamp, arrival, data))
    return events
