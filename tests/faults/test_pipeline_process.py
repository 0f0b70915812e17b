"""The pipeline's process is killed, or the server above it: each time as if nothing had happened."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.test_kill import until_role
from tests.faults.test_process import chat, counted, post
from tests.support import loopback
from tests.support.process import Telemetra

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def server() -> Iterator[Telemetra]:
    with tempfile.TemporaryDirectory(prefix="tlm-pipe-") as path:
        server = Telemetra(Path(path))
        server.start()
        yield server
        server.stop()


def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def pipeline_of(server: Telemetra) -> psutil.Process:
    """The process that runs the pipeline of `server`, once it leads."""
    until_role(server.url, "leader")
    return server.pipeline()


def not_ready(server: Telemetra) -> str:
    """Why; nothing while it is ready."""
    answer = loopback.get(f"{server.url}/ready")
    return "" if answer.status_code == 200 else str(answer.json()["detail"])


def test_a_killed_pipeline_is_started_again_and_counts_on(server: Telemetra) -> None:
    post(server.url, chat(50, "before"))
    counted(server.url, 50)
    killed = pipeline_of(server)
    killed.kill()
    post(server.url, chat(50, "after"))  # the server goes on taking events
    counted(server.url, 100)
    assert pipeline_of(server).pid != killed.pid
    until(lambda: loopback.get(f"{server.url}/ready").status_code == 200, "the server is ready")
    metrics = loopback.get(f"{server.url}/metrics").text
    assert "telemetra_pipeline_items_total 100.0" in metrics
    assert "telemetra_pipeline_process_resident_memory_bytes" in metrics


def test_while_there_is_no_pipeline_the_server_says_so(server: Telemetra) -> None:
    process = pipeline_of(server)
    process.kill()
    until(lambda: "starting" in not_ready(server), "the server says that its pipeline starts")
    until_role(server.url, "leader")


def test_signals_to_the_pipeline_are_left_to_the_server(server: Telemetra) -> None:
    process = pipeline_of(server)
    process.terminate()
    post(server.url, chat(20, "e"))
    counted(server.url, 20)
    assert pipeline_of(server).pid == process.pid
    assert server.stop() == 0
    until(lambda: not process.is_running(), "the pipeline ends with its server")


def test_a_killed_server_takes_its_pipeline_along(server: Telemetra) -> None:
    process = pipeline_of(server)
    server.kill()
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, "the pipeline is gone", 10.0)
    server.start()
    post(server.url, chat(20, "e"))
    counted(server.url, 20)
