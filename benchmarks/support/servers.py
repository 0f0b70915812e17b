"""The processes that are measured: Telemetra as a user runs it, PostgreSQL as Telemetra runs it, and peers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from telemetra.observability import configure_logging
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.leadership import Leadership

PROGRAM = Path(sys.executable).with_name("telemetra")
START_SECONDS = 60.0
DISK = Path("/var/tmp")
"""On the machine's disk, where /tmp may be memory: durability is to cost what it costs."""


@contextmanager
def directory() -> Iterator[Path]:
    """A temporary directory on the disk."""
    path = Path(tempfile.mkdtemp(prefix="tlm-bench-", dir=DISK if DISK.is_dir() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgres(data_dir: Path) -> Iterator[str]:
    """The embedded PostgreSQL with the product's settings, fsync included; gives its URL."""
    configure_logging("WARNING")
    data_dir.mkdir(parents=True, exist_ok=True)
    embedded = EmbeddedPostgres(data_dir)
    url = embedded.start()
    try:
        yield url
    finally:
        embedded.stop()


@contextmanager
def leading(runner: asyncio.Runner, url: str) -> Iterator[None]:
    """Hold the lead over the pipeline, so that a Telemetra stands by: it takes events and leaves them."""
    leadership = Leadership(url)
    assert runner.run(leadership.acquire())
    try:
        yield
    finally:
        runner.run(leadership.close())


class Server:
    """A process that answers HTTP on a port of its own."""

    def __init__(self, command: list[str], port: int, directory: Path, settings: Mapping[str, str]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = directory / f"{port}.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **settings},
                cwd=directory,
            )
        self.process = psutil.Process(self._process.pid)

    def wait_for(self, path: str) -> None:
        """Wait until `path` is answered with 200."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.url + path, timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise SystemExit(f"a server did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def telemetra(work: Path, *, command: str = "serve", settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`telemetra serve` (or `demo`); with DATABASE_URL among the settings it runs no PostgreSQL of its own."""
    port = free_port()
    arguments = [str(PROGRAM), command, "--port", str(port), "--data-dir", str(work / "data")]
    with _running(Server(arguments, port, work, {"LOG_LEVEL": "WARNING", **(settings or {})})) as server:
        server.wait_for("/ready")
        yield server


@contextmanager
def peer(work: Path, module: str, *arguments: str, path: str) -> Iterator[Server]:
    """A peer is a module that takes the port first; it is ready when it answers `path`."""
    port = free_port()
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", module, str(port), *arguments]
    with _running(Server(command, port, work, {"PYTHONPATH": root})) as server:
        server.wait_for(path)
        yield server


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
