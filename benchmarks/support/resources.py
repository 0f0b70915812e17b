"""CPU seconds and memory of processes."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def family(server: psutil.Process) -> list[psutil.Process]:
    """A server and its other processes (the pipeline's), without those of its PostgreSQL."""
    children = []
    for child in server.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name() != "postgres":
                children.append(child)
    return [server, *children]


class Postgres:
    """All processes of the server whose data is in `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._postmaster = psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))

    def processes(self) -> list[psutil.Process]:
        return [self._postmaster, *self._postmaster.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Of the living, and of those that the postmaster has seen end."""
        gone = self._postmaster.cpu_times()
        total = float(gone.children_user + gone.children_system)
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += cpu_seconds(process)
        return total


class Meter:
    """CPU seconds since it was made: of this process (the client), of a server, of PostgreSQL."""

    def __init__(self, server: psutil.Process | None, database: Postgres) -> None:
        self._server = server
        self._database = database
        self._before = self._read()
        self._started = time.perf_counter()

    def read(self) -> tuple[float, float, float, float]:
        """Seconds that passed, then CPU seconds of client, server and PostgreSQL."""
        seconds = time.perf_counter() - self._started
        client, server, database = (now - was for now, was in zip(self._read(), self._before, strict=True))
        return seconds, client, server, database

    def _read(self) -> tuple[float, float, float]:
        server = sum(map(cpu_seconds, family(self._server))) if self._server else 0.0
        return time.process_time(), server, self._database.cpu_seconds()


def pss_bytes(processes: list[psutil.Process]) -> int:
    """Proportional set size: memory that processes share is divided among them."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total
