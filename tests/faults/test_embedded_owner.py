"""The embedded server and its owners: kills of either, two owners at once, processes that only look alive."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from telemetra.errors import Fatal, Unavailable
from telemetra.store.database import Database
from telemetra.store.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Owner:
    """Another process that owns the server in `data_dir`."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def server_processes(data_dir: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "postgres" and Path(process.cwd()) == data_dir / "postgres":
                found.append(process)
    return found


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def kill_server(data_dir: Path, *, spare: psutil.Process | None = None) -> list[psutil.Process]:
    """Kill all but one, the postmaster first: it must not have the time to do anything about its children."""
    first = postmaster(data_dir)
    victims = [first, *(process for process in server_processes(data_dir) if process not in (first, spare))]
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return victims


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory below pytest's 0700 directories; whatever still runs on it afterwards is killed."""
    directory = tmp_path / "data"
    yield directory
    for process in server_processes(directory):
        process.kill()


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """Not started yet; stopped after the test."""
    embedded = EmbeddedPostgres(data_dir)
    yield embedded
    embedded.stop()


@pytest.fixture
def owner(data_dir: Path) -> Iterator[Owner]:
    command = [sys.executable, "-m", "tests.support.embedded_owner", str(data_dir)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = next((line for line in process.stdout if line.startswith("postgresql://")), None)
        assert url is not None, process.stderr.read()
        yield Owner(process, url.strip())
        process.kill()


def test_a_second_owner_is_refused_in_one_line(data_dir: Path, owner: Owner, server: EmbeddedPostgres) -> None:
    with pytest.raises(Fatal) as refusal:
        server.start()
    assert str(refusal.value) == f"{data_dir} is in use by another telemetra (pid {owner.process.pid})"


def test_a_server_that_outlives_its_killed_owner_is_adopted(
    data_dir: Path, owner: Owner, server: EmbeddedPostgres
) -> None:
    with psycopg.connect(owner.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    before = postmaster(data_dir)
    owner.kill()

    assert server.start() == owner.url
    assert postmaster(data_dir) == before
    with psycopg.connect(owner.url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (1,)
    server.stop()
    assert server_processes(data_dir) == []


def test_ctrl_c_in_the_owners_terminal_does_not_reach_the_server(data_dir: Path, owner: Owner) -> None:
    os.killpg(owner.process.pid, signal.SIGINT)
    owner.process.wait(timeout=10)
    with psycopg.connect(owner.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_owner_and_server_killed_at_once_lose_nothing(data_dir: Path, owner: Owner, server: EmbeddedPostgres) -> None:
    with psycopg.connect(owner.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS value")
    owner.kill()
    kill_server(data_dir)

    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert "was not properly shut down" in (data_dir / "postgres.log").read_text()


def test_an_owner_can_start_again_after_its_server_was_killed(data_dir: Path, server: EmbeddedPostgres) -> None:
    server.start()
    kill_server(data_dir)
    server.stop()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_waits_for_an_orphan_that_still_holds_the_shared_memory(
    data_dir: Path, owner: Owner, server: EmbeddedPostgres
) -> None:
    with contextlib.closing(psycopg.connect(owner.url)) as connection:
        orphan = psutil.Process(connection.info.backend_pid)
        orphan.suspend()
        owner.kill()
        kill_server(data_dir, spare=orphan)
        release = threading.Timer(1.0, orphan.kill)
        release.start()
        server.start()
        assert release.finished.is_set(), "it must not have started beside the orphan"
        release.join()


def test_a_zombie_postmaster_is_dead(data_dir: Path, owner: Owner, server: EmbeddedPostgres) -> None:
    """Some containers have a first process that reaps nobody; here this test is that process."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1) == 0
    try:
        first = postmaster(data_dir)
        owner.kill()
        kill_server(data_dir)
        os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
        assert first.status() == psutil.STATUS_ZOMBIE

        server.start()
        assert postmaster(data_dir) != first
        server.stop()
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)
        for child in psutil.Process().children():
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, 0)


def test_a_process_id_that_is_now_another_process_does_not_stop_the_start(
    data_dir: Path, server: EmbeddedPostgres
) -> None:
    server.start()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    psutil.wait_procs(kill_server(data_dir), timeout=10)
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    server.start()
    assert postmaster(data_dir).pid != os.getpid()


def test_stop_is_an_orderly_shutdown(data_dir: Path, server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    assert server_processes(data_dir) == []
    server.start()
    assert "was not properly shut down" not in (data_dir / "postgres.log").read_text()


async def test_a_pool_works_on_after_its_server_was_killed_and_revived(
    data_dir: Path, server: EmbeddedPostgres
) -> None:
    database = Database(server.start(), min_size=2, max_size=2)
    await database.open()
    assert not await asyncio.to_thread(server.revive), "it lives"
    psutil.wait_procs(kill_server(data_dir), timeout=10)
    with pytest.raises(Unavailable):
        await database.fetch_one("SELECT 1 AS one")
    assert await asyncio.to_thread(server.revive)
    answers = await asyncio.gather(*(database.fetch_one("SELECT 1 AS one") for _ in range(4)))
    assert answers == [{"one": 1}] * 4
    await database.close()
    server.stop()
    assert not server.revive(), "what was stopped stays stopped"
    assert server_processes(data_dir) == []
