"""A process among others: a second one on the same data, a taken port, a database that dies under it, a standby."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.faults.test_kill import as_url, role
from tests.support import loopback
from tests.support.process import PROGRAM, Telemetra

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tlm-proc-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Telemetra]:
    """A server that nothing is done to, for those who find it in their way."""
    with tempfile.TemporaryDirectory(prefix="tlm-proc-") as path:
        server = Telemetra(Path(path))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def server(directory: Path) -> Iterator[Telemetra]:
    server = Telemetra(directory)
    server.start()
    yield server
    server.stop()


def chat(count: int, prefix: str, stream: str = "chat") -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"{prefix}{number}",
            "type": "chat.message",
            "stream_id": stream,
            "data": {"user_id": f"u{number % 5}", "message": "hello LUL"},
        }
        for number in range(count)
    ]


def post(url: str, events: list[dict[str, Any]], timeout_seconds: float = 30.0) -> None:
    """Send until it is taken, as every sender must."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            answer = loopback.post(f"{url}/api/v1/events", json=events, timeout=10)
            if answer.status_code == 202:
                return
            assert answer.status_code in (429, 503)
            assert "retry-after" in answer.headers
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def counted(url: str, expected: int) -> None:
    deadline = time.monotonic() + 30
    while (total := loopback.get(f"{url}/api/v1/ledger").json().get("total", {})).get("counted") != expected:
        assert time.monotonic() < deadline, total
        time.sleep(0.1)


def run_to_end(*arguments: str, directory: Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(PROGRAM), "serve", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_second_process_on_the_same_directory_says_so_in_one_line(neighbour: Telemetra) -> None:
    data = str(neighbour.directory / "data")
    code, error = run_to_end("--port", "0", "--data-dir", data, directory=neighbour.directory)
    assert code == 1
    assert error.splitlines()[-1] == f"telemetra: {data} is in use by another telemetra (pid {neighbour.pid})"
    assert loopback.get(f"{neighbour.url}/ready").status_code == 200


def test_a_taken_port_is_said_in_one_line(neighbour: Telemetra) -> None:
    other = str(neighbour.directory / "other")
    code, error = run_to_end("--port", str(neighbour.port), "--data-dir", other, directory=neighbour.directory)
    assert code == 1
    assert error.splitlines()[-1].startswith(f"telemetra: port {neighbour.port} on 127.0.0.1 is in use")


def test_a_directory_without_rights_or_of_another_kind_is_said_in_one_line(neighbour: Telemetra) -> None:
    blocked = neighbour.directory / "file"
    blocked.write_text("in the way")
    code, error = run_to_end("--port", "0", "--data-dir", str(blocked / "data"), directory=neighbour.directory)
    assert code == 1
    assert error.splitlines()[-1].startswith("telemetra: ")
    assert str(blocked) in error.splitlines()[-1]


def test_a_database_that_dies_is_started_again_and_nothing_is_lost(server: Telemetra) -> None:
    post(server.url, chat(50, "before"))
    counted(server.url, 50)
    for process in server.postgres_processes():
        process.kill()
    post(server.url, chat(50, "after"))
    counted(server.url, 100)
    deadline = time.monotonic() + 20
    while loopback.get(f"{server.url}/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_sigterm_ends_the_process_and_its_database_in_order(directory: Path) -> None:
    server = Telemetra(directory)
    server.start()
    post(server.url, chat(10, "e"))
    servers = server.postgres_processes()
    with connect(f"{server.url.replace('http', 'ws')}/ws/live/chat") as socket:
        socket.recv(timeout=5)
        assert server.stop() == 0
    assert servers
    assert not any(psutil.pid_exists(process.pid) for process in servers)


def test_a_standby_takes_events_and_serves_queries_and_live_clients(directory: Path, database_url: str) -> None:
    environment = {"DATABASE_URL": as_url(database_url)}
    leader, standby = (Telemetra(directory / name, environment) for name in ("leader", "standby"))
    leader.start()
    try:
        deadline = time.monotonic() + 20
        while role(leader.url) != "leader":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        standby.start()
        with connect(f"{standby.url.replace('http', 'ws')}/ws/live/chat") as socket:
            assert json.loads(socket.recv(timeout=5))["type"] == "connected"
            post(standby.url, chat(40, "one"))
            counted(standby.url, 40)
            deadline = time.monotonic() + 30
            while role(standby.url) != "standby":  # its own pipeline's process may still start
                assert time.monotonic() < deadline
                time.sleep(0.1)
            streams = loopback.get(f"{standby.url}/api/v1/streams").json()
            assert [stream["stream_id"] for stream in streams] == ["chat"]
            # A stored minute reaches the standby's clients when the leader has written it.
            deadline = time.monotonic() + 60
            while True:
                frame = json.loads(socket.recv(timeout=10))
                if frame["type"] == "metrics" and frame["chat_count"] > 0:
                    break
                assert time.monotonic() < deadline
            assert frame["has_data"]
    finally:
        standby.stop()
        leader.stop()
