"""Telemetra as a user runs it: a process of its own, on a free port, that can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil

from tests.support import loopback

PROGRAM = Path(sys.executable).with_name("telemetra")
START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Telemetra:
    """One `telemetra serve`. `start` and `kill` may be called again and again; the port stays the same."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "LOG_FORMAT": "json", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [str(PROGRAM), *(arguments or ("serve",)), "--port", str(self.port)]
        command += ["--data-dir", str(self.directory / "data")]
        with (self.directory / "log").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=self.directory,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if loopback.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"telemetra did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self, *, postgres: bool = False) -> None:
        """SIGKILL, as a crash or an impatient operator would; with `postgres` its embedded server too."""
        assert self._process is not None
        servers = self.postgres_processes() if postgres else []
        self._process.kill()
        for server in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def pipeline(self, *, after: psutil.Process | None = None) -> psutil.Process:
        """The process that runs its pipeline: waits for the next one when the one before, `after`, was killed."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            for process in psutil.Process(self.pid).children():
                with contextlib.suppress(psutil.Error):
                    if process != after and "telemetra.worker.main" in process.cmdline():
                        return process
            assert time.monotonic() < deadline, "it has no pipeline"
            time.sleep(0.05)

    def postgres_processes(self) -> list[psutil.Process]:
        """The processes of the embedded server: those that work in our data directory."""
        home = (self.directory / "data" / "postgres").resolve()
        found = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error):
                if process.info["name"] == "postgres" and Path(process.cwd()) == home:
                    found.append(process)
        return found

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")
