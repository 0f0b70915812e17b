"""The product as a user runs it, with a channel that has chatted for half an hour and cheered once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.process import Telemetra

STREAM = "seed_channel"
MINUTES = 30
CHEER_MINUTE = 20
WAIT_SECONDS = 30.0
WORDS = ("hello", "nice one", "what is this game", "good luck", "that was close Kappa")


def channel_events(start: datetime) -> list[dict[str, Any]]:
    """About 20 messages a minute, 300 in the ten seconds of the cheer; viewers every half minute."""
    chance = random.Random(7)
    events = []

    def add(kind: str, at: float, data: dict[str, Any]) -> None:
        stamp = (start + timedelta(seconds=at)).isoformat()
        events.append(
            {"event_id": f"e{len(events)}", "type": kind, "stream_id": STREAM, "timestamp": stamp, "data": data}
        )

    def say(at: float, text: str) -> None:
        add("chat.message", at, {"user_id": f"u{chance.randrange(200)}", "message": text})

    for minute in range(MINUTES):
        for _ in range(chance.randrange(15, 26)):
            say(60 * minute + chance.uniform(0, 60), chance.choice(WORDS))
        for half in (0, 30):
            add("viewer.count", 60 * minute + half, {"viewer_count": 1000 + minute})
    for n in range(300):
        say(60 * CHEER_MINUTE + n / 30, "PogChamp PogChamp")
    add("stream.meta", 0, {"event_type": "stream_start", "title": "Seeds", "streamer_name": "Seed Channel"})
    add("transaction", 65, {"transaction_id": "t1", "amount": "4.99", "transaction_type": "tip"})
    return sorted(events, key=lambda event: str(event["timestamp"]))


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a running `telemetra serve` whose channel's minutes and moments are stored."""
    server = Telemetra(Path(tmp_path_factory.mktemp("product")))
    server.start()
    try:
        with httpx.Client(base_url=server.url, timeout=10) as client:
            events = channel_events(datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=MINUTES + 5))
            for first in range(0, len(events), 200):
                answer = client.post("/api/v1/events", json=events[first : first + 200])
                assert answer.status_code == 202
                assert answer.json()["rejected"] == []
            deadline = time.monotonic() + WAIT_SECONDS
            while not client.get(f"/api/v1/streams/{STREAM}/moments").json():
                assert time.monotonic() < deadline, "the cheer raised no moment"
                time.sleep(0.1)
            yield client
    finally:
        server.stop()
