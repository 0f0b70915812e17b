"""The seeds' tests/test_health.py: the health endpoints, the root and the documentation, on the running product."""

from __future__ import annotations

import asyncio
from datetime import datetime

import httpx


def test_health_check(product: httpx.Client) -> None:
    response = product.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_health_check_from_many_at_once(product: httpx.Client) -> None:
    async with httpx.AsyncClient(base_url=product.base_url) as client:
        answers = await asyncio.gather(*[client.get("/health") for _ in range(20)])
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, '{"status":"ok"}')}


def test_root(product: httpx.Client) -> None:
    response = product.get("/")
    body = response.json()
    assert response.status_code == 200
    assert body["status"] == "running"
    assert body.keys() >= {"name", "version", "docs", "health"}
    assert product.get(body["docs"]).status_code == product.get(body["health"]).status_code == 200


def test_api_health(product: httpx.Client) -> None:
    response = product.get("/api/v1/health")
    body = response.json()
    assert response.status_code == 200
    assert (body["status"], body["database"], body["redis"]) == ("ok", "ok", "embedded")


def test_api_health_schema(product: httpx.Client) -> None:
    body = product.get("/api/v1/health").json()
    assert body.keys() == {"status", "timestamp", "database", "redis"}
    assert body["status"] in ("ok", "degraded", "error")
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None


def test_detailed_health(product: httpx.Client) -> None:
    body = product.get("/health/detailed").json()
    assert body["status"] == "healthy"
    assert body["services"]["database"]["latency_ms"] >= 0
    assert body["services"]["pipeline"]["details"]["role"] == "leader"


def test_probes(product: httpx.Client) -> None:
    assert product.get("/live").status_code == 200
    assert product.get("/ready").json()["status"] == "ready"


def test_health_headers(product: httpx.Client) -> None:
    headers = product.get("/health").headers
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-correlation-id"]


def test_documentation_is_there(product: httpx.Client) -> None:
    for page in ("/docs", "/redoc"):
        response = product.get(page)
        assert response.status_code == 200
        assert "text/html" in response.headers["content-type"]
        assert "//cdn" not in response.text
    document = product.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert document["paths"].keys() >= {"/health", "/api/v1/streams", "/api/v1/streams/{stream_id}/metrics"}
    assert product.get("/asyncapi.json").json()["asyncapi"] == "3.0.0"


def test_prometheus_metrics(product: httpx.Client) -> None:
    text = product.get("/metrics").text
    assert "telemetra_intake_events_total" in text
    assert "telemetra_pipeline_items_total" in text
