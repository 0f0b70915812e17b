"""A connector reaches what the operator allows and nothing else, whatever its URL or its server says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.connectors import Connectors, serving
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.server import FeedServer
from tests.support.feeds.thread import Feeds, playing
from tests.support.feeds.venues import Plain

INTERNAL = (
    "http://127.0.0.1:{other}/",
    "http://2130706433:{other}/",
    "http://0x7f.1:{other}/",
    "http://0177.0.0.1:{other}/",
    "http://localhost:{other}/",
    "http://[::1]:{other}/",
    "http://[::ffff:127.0.0.1]:{other}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://10.0.0.1/",
    "http://0.0.0.0:{other}/",
)


def quiet() -> FeedServer:
    return FeedServer(Plain(), Recording(frames=[Frame(0.0, "{}")]))


@pytest.fixture(scope="module")
def allowed() -> Iterator[Feeds]:
    with playing(quiet) as feeds:
        yield feeds


@pytest.fixture(scope="module")
def forbidden() -> Iterator[Feeds]:
    """It listens, too, so that a request that is let through is seen."""
    with playing(quiet) as feeds:
        yield feeds


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory, allowed: Feeds) -> Iterator[Connectors]:
    """Only one port of loopback is allowed."""
    with serving(Path(tmp_path_factory.mktemp("egress")), EGRESS_ALLOW=f"127.0.0.1:{allowed.port}") as server:
        yield Connectors(server.url)


@pytest.mark.parametrize("target", INTERNAL)
def test_internal_addresses_are_refused(connectors: Connectors, forbidden: Feeds, target: str) -> None:
    answer = connectors.http.post(
        "/api/connectors", json={"name": "inside", "api_url": target.format(other=forbidden.port)}
    )
    if answer.is_success:
        connector_id = answer.json()["connector_id"]
        connectors.http.post(f"/api/connectors/{connector_id}/start")
        status = connectors.until(connector_id, lambda status: bool(status["last_error"]))
        assert status["status"] == "error", status
        connectors.http.delete(f"/api/connectors/{connector_id}")
    else:
        assert answer.status_code == 422
    assert forbidden.record.contacts == []


@pytest.mark.parametrize("target", [*INTERNAL[:2], INTERNAL[7], "file:///etc/passwd", "ftp://127.0.0.1/"])
def test_redirects_to_them_are_refused(connectors: Connectors, allowed: Feeds, forbidden: Feeds, target: str) -> None:
    location = target.format(other=forbidden.port)
    allowed.command("answer", status=302, where="http", times=None, headers={"Location": location})
    connector_id = connectors.started(api_url=allowed.http("/moved"), polling_interval=100)
    status = connectors.until(connector_id, lambda status: bool(status["last_error"]))
    assert forbidden.record.contacts == []
    assert status["message_count"] == 0
    connectors.http.delete(f"/api/connectors/{connector_id}")
    allowed.command("heal")


def test_websocket_redirects_are_refused(connectors: Connectors, allowed: Feeds, forbidden: Feeds) -> None:
    allowed.command("answer", status=302, where="handshake", headers={"Location": forbidden.ws("/")})
    connector_id = connectors.started(api_url=allowed.ws("/moved"))
    connectors.until(connector_id, lambda status: bool(status["last_error"]))
    assert forbidden.record.contacts == []
    connectors.http.delete(f"/api/connectors/{connector_id}")
    allowed.command("heal")
