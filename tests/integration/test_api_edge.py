"""What surrounds every request: problems, correlation, hosts and origins, compression, tags, headers, metrics."""

from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.app import create_app
from telemetra.operations.models import Problem
from telemetra.store.database import Database
from tests.support.api import PipelineState, api_client, client_of, make_services
from tests.support.rows import add_stream

PAGE = "https://dashboard.example"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(database, cors_origins=PAGE) as client:
        yield client


def check_problem(response: httpx.Response, status: int, code: str) -> Problem:
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert (response.status_code, problem.status, problem.error_code) == (status, status, code)
    assert problem.correlation_id == response.headers["x-correlation-id"]
    assert problem.path == response.request.url.path
    return problem


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    check_problem(await client.get("/nowhere"), 404, "not_found")
    check_problem(await client.delete("/api/v1/streams"), 405, "method_not_allowed")
    response = await client.post("/api/v1/streams/s/metrics")
    check_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET"


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    assert (await client.head("/health")).status_code == 200
    assert (await client.head("/api/v1/streams/nobody")).status_code == 404
    assert (await client.head("/api/v1/events")).status_code == 405


async def test_an_unexpected_error_is_a_500_that_says_nothing_and_a_log_that_says_all(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(make_services(database))

    @app.get("/broken", summary="broken")
    async def broken(request: Request) -> Response:
        raise RuntimeError("the password is hunter2")

    async def broken_too(request: Request) -> Response:
        raise RuntimeError("the password is hunter2")

    app.add_route("/broken-too", broken_too)
    async with client_of(app) as client:
        for path in ("/broken", "/broken-too"):
            caplog.clear()
            response = await client.get(path)
            problem = check_problem(response, 500, "internal_error")
            assert "hunter2" not in response.text
            assert problem.detail
            record = next(record for record in caplog.records if record.levelno == logging.ERROR)
            assert record.exc_info is not None
            assert "hunter2" in str(record.exc_info[1])


async def test_a_database_that_is_away_is_a_503_with_retry_after(database: Database) -> None:
    async with api_client(database) as client:
        await database.close()
        response = await client.get("/api/v1/streams")
        check_problem(response, 503, "unavailable")
        assert int(response.headers["retry-after"]) >= 1
        assert (await client.get("/health")).status_code == 200
        summary = await client.get("/api/v1/health")
        assert (summary.status_code, summary.json()["status"]) == (200, "error")
        assert summary.json()["database"] == "unavailable"
        detailed = await client.get("/health/detailed")
        assert (detailed.status_code, detailed.json()["status"]) == (503, "unhealthy")
        check_problem(await client.get("/ready"), 503, "unavailable")


async def test_correlation_ids_are_taken_over_when_they_are_harmless(client: httpx.AsyncClient) -> None:
    for given in ("abc-123", "00-4bf92f3577b34da6a3ce929d0e0e4736"):
        response = await client.get("/nowhere", headers={"X-Correlation-ID": given})
        assert response.headers["x-correlation-id"] == given
        assert response.json()["correlation_id"] == given
    for given in ("", "a b", "x" * 129, 'a"\\'):
        response = await client.get("/health", headers={"X-Correlation-ID": given})
        assert response.headers["x-correlation-id"] != given
    ids = {(await client.get("/health")).headers["x-correlation-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.8.9.1:80", "[::1]:8000"])
async def test_loopback_names_are_served(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1", "a@localhost", "localhost/x", "[::"],
)
async def test_other_hosts_are_refused(client: httpx.AsyncClient, host: str) -> None:
    check_problem(await client.get("/health", headers={"Host": host}), 403, "forbidden_host")


async def test_pages_of_other_origins_may_not_change_anything(client: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:8001"):
        response = await client.post("/api/v1/events", json=[], headers={"Origin": origin})
        check_problem(response, 403, "forbidden_origin")
    for origin in (PAGE, "http://127.0.0.1:8000"):
        assert (await client.post("/api/v1/events", json=[], headers={"Origin": origin})).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"evil.example")],
        [],
        [(b"host", b"127.0.0.1:8000"), (b"origin", b"https://evil.example")],
        [(b"host", b"127.0.0.1:8000"), (b"origin", b"null")],
    ],
)
async def test_websockets_of_others_are_closed_before_they_open(
    database: Database, headers: list[tuple[bytes, bytes]]
) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nothing is to be read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws/live/s", "headers": headers, "query_string": b"", "subprotocols": []}
    await create_app(make_services(database))(scope, receive, send)
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", 1008)]


async def test_cors_answers_its_own_origins_only(client: httpx.AsyncClient) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    preflight = await client.options("/api/v1/streams", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE
    simple = await client.get("/api/v1/streams", headers={"Origin": PAGE})
    assert simple.headers["access-control-allow-origin"] == PAGE
    assert "x-correlation-id" in simple.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in simple.headers
    failed = await client.get("/api/v1/streams/nobody", headers={"Origin": PAGE})
    assert failed.headers["access-control-allow-origin"] == PAGE
    other = await client.get("/api/v1/streams", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_an_answer_that_the_client_has_is_not_sent_again(client: httpx.AsyncClient, database: Database) -> None:
    await add_stream(database)
    first = await client.get("/api/v1/streams/s/metrics")
    tag = first.headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = await client.get("/api/v1/streams/s/metrics", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await client.get("/api/v1/streams/s/metrics", headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await client.get("/api/v1/streams", headers={"If-None-Match": tag})).status_code == 200


async def test_large_answers_are_compressed_when_asked(client: httpx.AsyncClient) -> None:
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = await client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "content-encoding" not in (await client.get("/health", headers={"Accept-Encoding": "gzip"})).headers


async def test_security_headers_stand_on_everything(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/nowhere", "/docs", "/docs/vendor/swagger-ui.css"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src 'unsafe" not in headers["content-security-policy"]


async def test_requests_are_counted_by_route_and_never_by_id(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/streams/a", "/api/v1/streams/b", "/wp-login.php", "/x/y/z"):
        await client.get(path)
    await client.request("BREW", "/health")
    text = (await client.get("/metrics")).text
    counted = 'telemetra_http_request_seconds_count{method="GET",route="%s",status="404"} 2.0'
    assert counted % "/api/v1/streams/{stream_id}" in text
    assert counted % "unmatched" in text
    assert 'method="other"' in text
    assert "BREW" not in text
    assert "wp-login" not in text


async def test_cache_statistics_are_in_the_metrics(client: httpx.AsyncClient) -> None:
    await client.get("/api/v1/streams")
    await client.get("/api/v1/streams")
    text = (await client.get("/metrics")).text
    assert 'telemetra_cache_hits_total{tier="memory"} 1.0' in text
    assert 'telemetra_cache_misses_total{tier="memory"} 1.0' in text
    tiers = (await client.get("/health/detailed")).json()["services"]["cache"]["details"]
    assert (tiers["memory"]["hits"], tiers["memory"]["entries"]) == (1, 1)


@pytest.mark.parametrize(
    ("state", "live", "ready"),
    [
        (PipelineState(), 200, 200),
        (PipelineState(role="starting"), 200, 503),
        (PipelineState(lag_seconds=11), 200, 503),
        (PipelineState(lag_seconds=11, catching_up=True), 200, 200),
        (PipelineState(progressing=False, lag_seconds=60), 503, 503),
        (PipelineState(role="standby"), 200, 200),
    ],
)
async def test_probes(database: Database, state: PipelineState, live: int, ready: int) -> None:
    async with api_client(database, pipeline=state) as client:
        assert (await client.get("/live")).status_code == live
        response = await client.get("/ready")
        assert response.status_code == ready
        if ready == 200:
            assert response.json()["role"] == state.role
        assert (await client.get("/api/v1/health")).json()["status"] == ("ok" if ready == 200 else "degraded")
        assert (await client.get("/health/detailed")).status_code == 200


async def test_a_standby_is_ready_while_its_leader_works(database: Database) -> None:
    async with api_client(database, pipeline=PipelineState(role="standby")) as client:
        await client.post(
            "/api/v1/events", json={"event_id": "1", "type": "chat.message", "stream_id": "s", "data": {}}
        )
        await database.execute("UPDATE pipeline_offsets SET updated_at = clock_timestamp()")
        assert (await client.get("/ready")).status_code == 200
        await database.execute("UPDATE pipeline_offsets SET updated_at = clock_timestamp() - interval '31 s'")
        assert (await client.get("/ready")).status_code == 503


async def test_the_correlation_id_goes_with_the_events(client: httpx.AsyncClient, database: Database) -> None:
    event = {"event_id": "1", "type": "chat.message", "stream_id": "s", "data": {"user_id": "u", "message": "hi"}}
    body = gzip.compress(msgspec.json.encode(event))
    headers = {"X-Correlation-ID": "from-me", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/api/v1/events", content=body, headers=headers)).status_code == 202
    read = await make_services(database).log.read(0, 10)
    assert [item.correlation_id for item in read.items] == ["from-me"]
