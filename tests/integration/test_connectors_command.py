"""`telemetra connectors …` and `telemetra watch` as the installed program, against a venue on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import loopback
from tests.support.feeds import catalogue
from tests.support.feeds.thread import Feeds, playing
from tests.support.process import PROGRAM, Telemetra, free_port
from tests.support.shared import shared_data

PATIENCE_SECONDS = 60.0
SPEED = 20.0


@pytest.fixture
def venue() -> Iterator[Feeds]:
    shared_data("exchange")
    with playing(lambda: catalogue.make("binance", speed=SPEED, today=True)) as feeds:
        yield feeds


@contextmanager
def serving(directory: Path) -> Iterator[Telemetra]:
    server = Telemetra(directory, {"EGRESS_ALLOW": "127.0.0.1"})
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def untouched_server(tmp_path: Path) -> Iterator[Telemetra]:
    """Without the stream of other tests: a venue at many times its pace writes minutes ahead of the clock, and once
    these are final the next playing is late."""
    with serving(tmp_path / "server") as server:
        yield server


def telemetra(directory: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=directory, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def declaration(directory: Path, url: str, **more: object) -> Path:
    fields = {
        "name": "Trades",
        "api_url": url,
        "exchange_name": "binance",
        "format": "binance",
        "subscribe_messages": [{"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}],
        **more,
    }
    file = directory / "trades.yaml"
    file.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items()))
    return file


def test_from_a_file_to_a_running_connector(tmp_path: Path, server: Telemetra, venue: Feeds) -> None:
    at = ("--url", server.url)
    file = declaration(tmp_path, venue.ws("/stream"))
    assert "There are no connectors" in telemetra(tmp_path, "connectors", "list", *at)
    tried = telemetra(tmp_path, "connectors", "test", str(file), *at)
    assert "nothing was stored" in tried
    assert "market.trade  binance:BTC-USDT" in tried
    assert loopback.get(f"{server.url}/api/v1/streams").json() == []
    created = telemetra(tmp_path, "connectors", "create", str(file), *at)
    assert "Trades  not started" in created
    connector_id = created.split()[0]
    assert "is to run" in telemetra(tmp_path, "connectors", "start", "Trades", *at)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "streams   binance:BTC-USDT" not in (said := telemetra(tmp_path, "connectors", "status", connector_id, *at)):
        assert time.monotonic() < deadline, said
    assert "status    running" in said
    assert "running" in telemetra(tmp_path, "connectors", "list", *at)
    page = loopback.get(f"{server.url}/api/connectors/{connector_id}/data").json()
    assert page["data"][0]["stream_id"] == "binance:BTC-USDT"
    assert "is to stop" in telemetra(tmp_path, "connectors", "stop", connector_id, *at)
    assert "is deleted" in telemetra(tmp_path, "connectors", "delete", connector_id, *at)
    assert "no connector" in telemetra(tmp_path, "connectors", "status", connector_id, *at, code=1)


def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path: Path, server: Telemetra) -> None:
    file = declaration(tmp_path, "wss://example.com", polling_interval=5, colour="red")
    said = telemetra(tmp_path, "connectors", "create", str(file), "--url", server.url, code=2)
    assert f"telemetra: {file}, line 6: polling_interval" in said
    assert f"telemetra: {file}, line 7: colour" in said


def test_a_connection_that_fails_says_why(tmp_path: Path, server: Telemetra) -> None:
    file = declaration(tmp_path, f"ws://127.0.0.1:{free_port()}/")
    assert "error: " in telemetra(tmp_path, "connectors", "test", str(file), "--url", server.url, code=1)
    file = declaration(tmp_path, "ws://169.254.169.254/")
    assert "not public" in telemetra(tmp_path, "connectors", "test", str(file), "--url", server.url, code=1)


def test_without_a_server(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert "no server answers" in telemetra(tmp_path, "connectors", "list", "--url", url, code=1)


class Watch:
    """A running `telemetra watch` whose output is read while it runs."""

    def __init__(self, directory: Path, port: int, target: str, *options: str) -> None:
        self._output = directory / "watch.out"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [PROGRAM, "watch", target, "--port", str(port), "--data-dir", str(directory / "data"), *options],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "EGRESS_ALLOW": "127.0.0.1"},
            )

    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def until(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.said():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def test_watch_by_a_server_that_runs(tmp_path: Path, untouched_server: Telemetra, venue: Feeds) -> None:
    server = untouched_server
    watch = Watch(tmp_path, server.port, "binance:BTCUSDT", "--feed-url", venue.ws("/stream"))
    try:
        watch.until("| Price ")
        venue.command("set", refusing=True)  # else it may be back before anybody has looked
        venue.command("cut")
        watch.until("reconnecting")
        venue.command("set", refusing=False)
        [connector] = loopback.get(f"{server.url}/api/connectors").json()
        assert (connector["name"], connector["desired_state"]) == ("watch binance:BTCUSDT", "running")
    finally:
        code = watch.end()
    assert code == 0, watch.said()
    [connector] = loopback.get(f"{server.url}/api/connectors").json()
    assert connector["desired_state"] == "stopped"
    loopback.delete(f"{server.url}/api/connectors/{connector['connector_id']}")


def test_watch_by_a_server_of_its_own(tmp_path: Path, venue: Feeds) -> None:
    port = free_port()
    watch = Watch(tmp_path, port, "binance:BTCUSDT", "--feed-url", venue.ws("/stream"))
    try:
        watch.until("| Price ")
        url = f"http://127.0.0.1:{port}"
        assert loopback.get(f"{url}/api/v1/streams/binance:BTC-USDT").json()["kind"] == "market"
    finally:
        code = watch.end()
    assert code == 0, watch.said()
    assert "Traceback" not in watch.said()


def test_watch_of_what_may_not_be_reached_ends_with_the_reason(tmp_path: Path) -> None:
    watch = Watch(tmp_path, free_port(), "okx:BTC-USDT", "--feed-url", "ws://10.0.0.1/")
    assert watch.process.wait(timeout=PATIENCE_SECONDS) == 1
    assert "okx:BTC-USDT has ended: 10.0.0.1 leads to an address that is not public" in watch.said()


def test_watch_of_nothing_that_is_known(tmp_path: Path) -> None:
    assert "use one of binance:…" in telemetra(tmp_path, "watch", "morse:x", code=2)
