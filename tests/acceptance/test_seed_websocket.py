"""The seeds' tests/test_websocket.py: the live connection and its messages, on the running product."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.seeded import STREAM

HEALTH = "/ws/live/health"


@pytest.fixture
def live(product: httpx.Client) -> Callable[[str], ClientConnection]:
    base = str(product.base_url).replace("http", "ws", 1)
    return lambda stream_id: connect(f"{base}/ws/live/{stream_id}", open_timeout=10)


def receive(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(client.recv(timeout=10))
    return message


def receive_metrics(client: ClientConnection) -> dict[str, Any]:
    while (message := receive(client))["type"] != "metrics":
        pass
    return message


def connections(product: httpx.Client, stream_id: str) -> int:
    count: int = product.get(HEALTH).json()["streams"].get(stream_id, 0)
    return count


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_handshake(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as client:
        message = receive(client)
        assert (message["type"], message["stream_id"]) == ("connected", STREAM)
        assert message["message"] == f"Connected to stream: {STREAM}"
        assert message.keys() >= {"timestamp", "epoch", "offset"}


def test_an_unknown_stream_is_welcome_and_an_impossible_one_refused(live: Callable[[str], ClientConnection]) -> None:
    with live("may_start_later") as client:
        assert receive(client)["type"] == "connected"
        assert receive_metrics(client)["has_data"] is False
    with pytest.raises(InvalidStatus) as refused:
        live("no%20stream%20id")
    assert refused.value.response.status_code in (403, 422)


def test_metrics_arrive_again_and_again(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as client:
        started = time.monotonic()
        for _ in range(3):
            receive_metrics(client)
        assert time.monotonic() - started < 8


def test_fresh_events_are_seen_within_seconds(product: httpx.Client, live: Callable[[str], ClientConnection]) -> None:
    stream_id = f"fresh_{uuid4().hex[:8]}"
    with live(stream_id) as client:
        data = {"user_id": "u", "message": "first!"}
        event = {"event_id": "1", "type": "chat.message", "stream_id": stream_id, "data": data}
        assert product.post("/api/v1/events", json=event).status_code == 202
        started = time.monotonic()
        while not (message := receive_metrics(client))["has_data"]:
            pass
        assert (message["chat_count"], message["unique_chatters"]) == (1, 1)
        assert time.monotonic() - started < 5


def test_several_connections_of_one_stream_get_the_same(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as one, live(STREAM) as two:
        assert receive(one)["type"] == receive(two)["type"] == "connected"
        assert receive_metrics(one).keys() == receive_metrics(two).keys()


def test_streams_are_kept_apart(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as one, live("another") as two:
        assert receive_metrics(one)["stream_id"] == STREAM
        assert receive_metrics(two)["stream_id"] == "another"


def test_health_of_live_connections(product: httpx.Client) -> None:
    body = product.get(HEALTH).json()
    assert body["status"] == "ok"
    assert isinstance(body["active_streams"], int)
    assert isinstance(body["total_connections"], int)
    assert isinstance(body["streams"], dict)


def test_connections_are_counted_while_they_last(
    product: httpx.Client, live: Callable[[str], ClientConnection]
) -> None:
    stream_id = f"counted_{uuid4().hex[:8]}"
    with live(stream_id), live(stream_id):
        until(lambda: connections(product, stream_id) == 2)
    until(lambda: connections(product, stream_id) == 0)


def test_metrics_message(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as client:
        message = receive_metrics(client)
    required = {"stream_id", "timestamp", "viewer_count", "chat_rate", "unique_chatters", "top_emotes"}
    optional = {"sentiment_score", "recent_moments", "z_score", "is_anomaly", "revenue", "data_age_seconds"}
    assert message.keys() >= required | optional
    assert datetime.fromisoformat(message["timestamp"]) <= datetime.now(UTC)
    assert isinstance(message["viewer_count"], int)
    assert isinstance(message["unique_chatters"], int)
    assert isinstance(message["chat_rate"], int | float)
    assert isinstance(message["top_emotes"], list)
    assert isinstance(message["has_data"], bool)
    assert message["sentiment_score"] is None or -1 <= message["sentiment_score"] <= 1


def test_recent_moments_come_with_the_metrics(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as client:
        while not (recent := receive_metrics(client)["recent_moments"]):
            pass
    assert len(recent) <= 5
    assert recent[0]["stream_id"] == STREAM
    assert recent[0].keys() >= {"moment_id", "moment_type", "timestamp", "description", "severity"}


def test_server_sent_events_carry_the_same_and_are_not_compressed(product: httpx.Client) -> None:
    path = f"/api/v1/streams/{STREAM}/live"
    with product.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        lines = (line for line in response.iter_lines() if line.startswith("data: "))
        messages = [json.loads(next(lines).removeprefix("data: ")) for _ in range(2)]
    assert [message["type"] for message in messages] == ["connected", "metrics"]
    refused = product.get(path, headers={"Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "forbidden_origin")


def test_a_ping_is_answered(live: Callable[[str], ClientConnection]) -> None:
    with live(STREAM) as client:
        client.send('{"type":"ping"}')
        while (message := receive(client))["type"] != "pong":
            pass
        assert message["timestamp"]
