"""Settings of detection in the running product: what they do to the stream they are set for, and what a back-test of it
says."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from telemetra.model.times import rfc3339
from telemetra.model.window import MINUTE
from tests.support.chat import cheering_chat
from tests.support.engine import START
from tests.support.seeded import product

__all__ = ["product"]

MUTED, LOUD = "muted_channel", "loud_channel"


@pytest.fixture(scope="module")
def client(product: httpx.Client) -> httpx.Client:
    """With two channels of the same chat, of which one was muted beforehand."""
    put = product.put(f"/api/v1/streams/{MUTED}/moments/settings", json={"open_score": 0.999})
    assert put.status_code == 200
    # The pipeline looks at most once in a second, and then before it takes what it has read.
    time.sleep(1.05)
    send(product, "looked_at")
    deadline = time.monotonic() + 30
    while minutes(product, "looked_at") < 38:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for stream in (MUTED, LOUD):
        send(product, stream)
    deadline = time.monotonic() + 30
    while min(minutes(product, stream) for stream in (MUTED, LOUD)) < 38:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return product


def send(client: httpx.Client, stream: str) -> None:
    events = [
        {
            "event_id": item.event_id,
            "type": item.type,
            "stream_id": stream,
            "timestamp": rfc3339(item.timestamp),
            "data": {"user_id": f"u{number % 40}", "message": f"hello {number}"},
        }
        for number, item in enumerate(cheering_chat(stream, 40))
    ]
    answer = client.post("/api/v1/events", json=events)
    assert (answer.status_code, answer.json()["accepted"]) == (202, len(events))


def minutes(client: httpx.Client, stream: str) -> int:
    answer = client.get(f"/api/v1/streams/{stream}/metrics")
    return len(answer.json()) if answer.status_code == 200 else 0


def ask(client: httpx.Client, stream: str, settings: dict[str, Any]) -> dict[str, Any]:
    span = {"start_time": rfc3339(START), "end_time": rfc3339(START + 40 * MINUTE)}
    answer = client.post("/api/v1/moments/backtest", json={"stream_id": stream, "settings": settings, **span})
    answer.raise_for_status()
    report: dict[str, Any] = answer.json()
    return report


def test_a_muted_stream_raises_nothing_and_its_neighbour_does(client: httpx.Client) -> None:
    assert client.get(f"/api/v1/streams/{MUTED}/moments").json() == []
    assert len(client.get(f"/api/v1/streams/{LOUD}/moments").json()) >= 2


def test_a_backtest_tells_what_was_muted(client: httpx.Client) -> None:
    own, bold = ask(client, MUTED, {}), ask(client, MUTED, {"open_score": 0.5})
    assert own["replayed"]["alarms"] == own["stored"]["alarms"] == 0
    loud = ask(client, LOUD, {})
    assert bold["replayed"]["alone"] == bold["replayed"]["alarms"] == loud["stored"]["alarms"] >= 2
    assert loud["replayed"]["moments"] == loud["stored"]["moments"]


def test_the_moments_can_be_taken_along_as_chapters(client: httpx.Client) -> None:
    chapters = client.get(f"/api/v1/streams/{LOUD}/moments/export", params={"format": "chapters"}).text.splitlines()
    assert chapters[0] == "0:00 Start"
    assert [line.split(" ")[0] for line in chapters[1:3]] == ["10:20", "20:20"]
