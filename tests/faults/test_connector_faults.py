"""What venues do wrong, and what the running product makes of it: silence, refusals, wrong answers, storms."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support import loopback
from tests.support.connectors import Connectors, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.record import waits
from tests.support.feeds.server import FeedServer
from tests.support.feeds.synthetic import trade
from tests.support.feeds.thread import Feeds, playing
from tests.support.feeds.venues import Plain
from tests.support.process import Telemetra
from tests.support.shared import shared_data

STREAM = "venue:TIC-USDT"


def ticking(seconds: float = 60.0, per_second: int = 20) -> FeedServer:
    """Trades of one instrument, all the time, with today's times."""
    count = round(seconds * per_second)
    now_us = time.time_ns() // 1000
    frames = [
        Frame(number / per_second, trade("TICUSDT", number, now_us + number * 1_000_000 // per_second))
        for number in range(count)
    ]
    return FeedServer(Plain(), Recording(frames=frames))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    with serving(Path(tmp_path_factory.mktemp("faults"))) as server:
        yield server


@pytest.fixture(scope="module")
def connectors(server: Telemetra) -> Connectors:
    return Connectors(server.url)


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with playing(ticking) as feeds:
        yield feeds


def venue(feeds: Feeds, **fields: Any) -> dict[str, Any]:
    return {"api_url": feeds.ws(), "exchange_name": "venue", "format": "binance", **fields}


def test_an_open_and_silent_socket_is_stale_everywhere_and_opened_anew(
    server: Telemetra, connectors: Connectors, feeds: Feeds
) -> None:
    connector_id = connectors.started(**venue(feeds, stale_after=2))
    connectors.until(connector_id, lambda status: status["status"] == "running" and status["message_count"] > 20)
    with connect(f"ws://127.0.0.1:{server.port}/ws/live/{STREAM}") as live:
        silent_since = time.monotonic()
        feeds.command("stall", newcomers=True)
        status = connectors.until(connector_id, lambda status: status["stale"] is True, 10)
        assert 1.5 < time.monotonic() - silent_since < 5
        assert status["stale"] is True
        until(lambda: state_of(connectors) == "stale", lambda: state_of(connectors), 10)
        until(lambda: pushed_state(live) == "stale", lambda: "no frame says stale", 10)
    with connect(f"ws://127.0.0.1:{server.port}/ws/live") as every:
        until(lambda: row_of(every).get("stale") is True, lambda: "no row of the stream says stale", 10)
    until(lambda: metric_of(server, connector_id, "stale"), lambda: connector_metrics(server), 5)
    feeds.until(lambda: len(feeds.record.of("websocket")) >= 2, 15)
    feeds.command("stall", stalled=False)
    status = connectors.until(connector_id, lambda status: not status["stale"] and status["status"] == "running", 20)
    assert any(gap["reason"] for gap in status["gaps"]), status
    connectors.stop(connector_id)


def state_of(connectors: Connectors) -> str:
    state: str = connectors.get(f"/api/v1/streams/{STREAM}")["state"]
    return state


def pushed_state(live: Any) -> str | None:
    frame = json.loads(live.recv(timeout=5))
    return frame.get("state") or ("stale" if frame.get("stale") else None)


def row_of(every: Any) -> dict[str, Any]:
    """The stream's row in a frame of all streams."""
    rows = json.loads(every.recv(timeout=5)).get("streams", [])
    return next((row for row in rows if row["stream_id"] == STREAM), {})


def connector_metrics(server: Telemetra) -> list[str]:
    lines = loopback.get(f"{server.url}/metrics").text.splitlines()
    return [line for line in lines if "connector" in line and not line.startswith("#")]


def metric_of(server: Telemetra, connector_id: str, word: str) -> bool:
    """A gauge about this that is not zero."""
    return any(word in line and float(line.rpartition(" ")[2]) > 0 for line in connector_metrics(server))


def test_a_refused_login_stops_with_a_clear_status(connectors: Connectors) -> None:
    shared_data("exchange", "captures", "OKX.ws.1.0")
    with playing(lambda: catalogue.make("okx")) as okx:
        login = {"op": "login", "args": [{"passphrase": "{{passphrase}}"}]}
        connector_id = connectors.started(
            api_url=okx.ws("/ws/v5/private"),
            exchange_name="okx",
            format="okx",
            subscribe_messages=[login],
            credentials={"passphrase": "wrong"},
        )
        status = connectors.until(connector_id, lambda status: status["status"] == "error")
        assert "60009" in status["last_error"] or "Login failed" in status["last_error"]
        time.sleep(2.5)
        assert len(okx.record.contacts) == 1
        assert connectors.status(connector_id)["status"] == "error"


@pytest.mark.parametrize("code", [401, 403])
def test_a_forbidden_handshake_stops_with_a_clear_status(connectors: Connectors, feeds: Feeds, code: int) -> None:
    feeds.command("answer", status=code, where="handshake")
    connector_id = connectors.started(**venue(feeds))
    status = connectors.until(connector_id, lambda status: status["status"] == "error")
    assert str(code) in status["last_error"]
    time.sleep(2.5)
    assert len(feeds.record.contacts) == 1


def test_a_forbidden_rest_call_stops_with_a_clear_status(connectors: Connectors, feeds: Feeds) -> None:
    feeds.command("answer", status=401, where="http", body='{"code":-2014,"msg":"API-key format invalid."}')
    connector_id = connectors.started(api_url=feeds.http("/api/v3/account"), polling_interval=100)
    status = connectors.until(connector_id, lambda status: status["status"] == "error")
    assert "401" in status["last_error"]
    time.sleep(1)
    assert len(feeds.record.contacts) == 1


def test_a_server_that_refuses_is_asked_ever_more_rarely(connectors: Connectors, feeds: Feeds) -> None:
    """1, 2, 4 s, each shortened by up to a half."""
    feeds.command("set", refusing=True)
    connector_id = connectors.started(**venue(feeds))
    feeds.until(lambda: len(feeds.record.contacts) >= 4, 12)
    for waited, most in zip(waits(feeds.record.contacts), (1, 2, 4), strict=False):
        assert 0.45 * most < waited < most + 0.7
    status = connectors.status(connector_id)
    assert status["status"] in {"starting", "reconnecting"}
    assert status["reconnect_attempts"] >= 3
    assert status["last_error"]
    feeds.command("set", refusing=False)
    connectors.until(connector_id, lambda status: status["status"] == "running" and status["message_count"] > 0, 15)
    connectors.stop(connector_id)


def test_a_server_that_accepts_and_cuts_is_no_storm_either(connectors: Connectors, feeds: Feeds) -> None:
    feeds.command("set", close_after=1, close_code=1013)
    connector_id = connectors.started(**venue(feeds))
    feeds.until(lambda: len(feeds.record.contacts) >= 4, 12)
    for waited, most in zip(waits(feeds.record.contacts), (1, 2, 4), strict=False):
        assert 0.45 * most < waited < most + 0.7
    connectors.stop(connector_id)


def test_the_attempts_can_be_limited(connectors: Connectors, feeds: Feeds) -> None:
    feeds.command("set", refusing=True)
    connector_id = connectors.started(**venue(feeds, max_reconnect_attempts=2))
    connectors.until(connector_id, lambda status: status["status"] == "error", 15)
    assert len(feeds.record.contacts) == 3


def test_garbage_and_server_errors_at_the_handshake_are_survived(connectors: Connectors, feeds: Feeds) -> None:
    feeds.command("answer", status=None, where="handshake", times=1)
    feeds.command("answer", status=503, where="handshake", times=1)
    connector_id = connectors.started(**venue(feeds))
    connectors.until(connector_id, lambda status: status["status"] == "running" and status["message_count"] > 0, 20)
    assert [contact.kind for contact in feeds.record.contacts] == ["handshake answered"] * 2 + ["websocket"]
    connectors.stop(connector_id)


def test_too_many_requests_are_waited_out_as_asked(connectors: Connectors, feeds: Feeds) -> None:
    feeds.command("answer", status=429, where="http", times=1, headers={"Retry-After": "3"})
    feeds.command("answer", status=None, where="http", times=1)
    feeds.command("answer", status=200, where="http", body='[{"price":"1.5","symbol":"ABCUSDT","id":7}]')
    connector_id = connectors.started(
        api_url=feeds.http("/price"), exchange_name="rest", format="generic", polling_interval=200
    )
    connectors.until(connector_id, lambda status: status["status"] == "running" and status["message_count"] > 0, 20)
    assert waits(feeds.record.contacts)[0] >= 2.9
    connectors.stop(connector_id)
