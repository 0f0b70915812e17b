"""The seeds' tests/test_api.py: streams, metrics, moments, CORS and errors, on the running product."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.support.seeded import MINUTES, STREAM

STREAMS = "/api/v1/streams"
METRICS = f"{STREAMS}/{STREAM}/metrics"
MOMENTS = f"{STREAMS}/{STREAM}/moments"


def get(product: httpx.Client, path: str, **parameters: Any) -> Any:
    response = product.get(path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


def test_streams(product: httpx.Client) -> None:
    stream = next(stream for stream in get(product, STREAMS) if stream["stream_id"] == STREAM)
    assert (stream["kind"], stream["streamer_name"], stream["title"]) == ("broadcast", "Seed Channel", "Seeds")
    assert stream["viewer_count"] == 1000 + MINUTES - 1
    assert datetime.fromisoformat(stream["started_at"]).tzinfo is not None
    assert get(product, f"{STREAMS}/{STREAM}") == stream


def test_streams_by_page(product: httpx.Client) -> None:
    assert len(get(product, STREAMS, limit=1, offset=0)) == 1
    assert get(product, STREAMS, limit=10, offset=1000) == []


@pytest.mark.parametrize("limit", [0, -1, 501, "many"])
def test_streams_with_an_invalid_limit(product: httpx.Client, limit: Any) -> None:
    assert product.get(STREAMS, params={"limit": limit}).status_code == 422


def test_streams_with_a_negative_offset(product: httpx.Client) -> None:
    assert product.get(STREAMS, params={"offset": -1}).status_code == 422


def test_metrics(product: httpx.Client) -> None:
    rows = get(product, METRICS)
    assert len(rows) >= MINUTES - 2
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps, reverse=True)
    assert max(row["chat_count"] for row in rows) >= 200
    assert max(rows, key=lambda row: row["chat_count"])["top_emotes"][0]["name"] == "PogChamp"


def test_metrics_with_a_limit(product: httpx.Client) -> None:
    assert get(product, METRICS, limit=5) == get(product, METRICS)[:5]


def test_metrics_of_an_unknown_stream(product: httpx.Client) -> None:
    assert product.get(f"{STREAMS}/nobody_streams_here/metrics").status_code == 404
    assert product.get(f"{STREAMS}/no stream id/metrics").status_code == 422


def test_metrics_schema(product: httpx.Client) -> None:
    for row in get(product, METRICS):
        assert row["stream_id"] == STREAM
        assert isinstance(row["viewer_count"], int)
        assert isinstance(row["unique_chatters"], int)
        assert row["chat_rate"] == pytest.approx(row["chat_count"])
        assert row["chat_rate_per_second"] == pytest.approx(row["chat_rate"] / 60)
        assert row["sentiment_score"] is None or -1 <= row["sentiment_score"] <= 1
        assert all(emote["emote"] == emote["name"] and emote["count"] > 0 for emote in row["top_emotes"])
        assert isinstance(row["revenue"], str)
    assert sum(float(row["revenue"]) for row in get(product, METRICS)) == pytest.approx(4.99)


def test_moments(product: httpx.Client) -> None:
    moments = get(product, MOMENTS)
    assert "chat_spike" in {moment["moment_type"] for moment in moments}
    stamps = [moment["timestamp"] for moment in moments]
    assert stamps == sorted(stamps, reverse=True)


def test_moments_with_a_limit_and_a_type(product: httpx.Client) -> None:
    assert len(get(product, MOMENTS, limit=1)) == 1
    assert {moment["moment_type"] for moment in get(product, MOMENTS, moment_type="chat_spike")} == {"chat_spike"}
    assert product.get(MOMENTS, params={"limit": 201}).status_code == 422


def test_moments_schema(product: httpx.Client) -> None:
    for moment in get(product, MOMENTS):
        assert moment["stream_id"] == STREAM
        assert len(moment["moment_id"]) == 36
        assert moment["description"]
        assert isinstance(moment["metric_value"], float)
        assert 0 <= moment["severity"] <= 1
        assert moment["metadata"]


def test_no_moments(product: httpx.Client) -> None:
    assert get(product, MOMENTS, moment_type="price_spike") == []
    assert get(product, f"{STREAMS}/nobody_streams_here/moments") == []


def test_cors_headers(product: httpx.Client) -> None:
    response = product.get(STREAMS, headers={"Origin": "https://evil.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


def test_preflight_request(product: httpx.Client) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = product.options("/api/v1/events", headers=asked)
    assert response.status_code < 500
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", STREAMS, 405),
        ("PUT", METRICS, 405),
        ("GET", f"{METRICS}?start_time=yesterday", 422),
        ("GET", f"{METRICS}?resolution=1h", 422),
        ("POST", "/api/v1/events", 415),
    ],
)
def test_errors_have_one_shape(product: httpx.Client, method: str, path: str, status: int) -> None:
    response = product.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    fields = {"type", "title", "status", "detail", "error", "error_code", "timestamp", "path", "correlation_id"}
    assert response.json().keys() >= fields


def test_the_ledger_closes(product: httpx.Client) -> None:
    total = get(product, "/api/v1/ledger")["total"]
    assert total["received"] == sum(total[fate] for fate in ("counted", "duplicate", "late", "rejected", "dead"))
    assert total["counted"] > 600
