"""`telemetra doctor`: what could keep the product from working here, one line each. Changes nothing that is stored."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.store.embedded import EmbeddedPostgres, stored_major
from telemetra.store.facts import Facts, read_facts
from telemetra.store.migrate import pending
from telemetra.store.postgres_programs import DEFAULT_MAJOR, Programs, server_account
from telemetra.text.reading import COMPILED

OLDEST_MAJOR = 15
DISK_FAILED_BYTES = 256 * 1024**2
DISK_WARNING_BYTES = 2 * 1024**3
CLOCK_DIFFERENCE = 5 * SECOND
CLOCK_BUILT = 1_735_689_600 * SECOND  # 2025-01-01: before that this program did not exist

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: what was looked at, how it is, what was seen or what to do."""

    name: str
    outcome: Outcome
    detail: str

    def __str__(self) -> str:
        return f"{self.outcome:8} {self.name}: {self.detail}"


def diagnose(*, data_dir: Path, database_url: str | None, host: str, port: int, clock: Clock) -> list[Check]:
    """Look at everything; no check stops the others. Blocking (seconds).

    With a `database_url` the data directory is not used. An embedded server that does not run is started for the
    check and stopped again. The report is good when no outcome is `failed`.
    """
    checks = []
    if database_url is None:
        checks += [_directory(data_dir), _disk(data_dir), _programs(data_dir)]
    checks += _database(data_dir, database_url, clock)
    checks += [_port(host, port), _compiled()]
    return checks


def exit_code(checks: list[Check]) -> int:
    """1 when something failed, else 0: warnings do not keep the product from working."""
    return int(any(check.outcome == "failed" for check in checks))


def _directory(data_dir: Path) -> Check:
    place = _existing(data_dir)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check("data directory", "failed", f"{place}: {error.strerror}")
    state = "can be written" if place.resolve() == data_dir.resolve() else f"will be made in {place}"
    return Check("data directory", "ok", f"{data_dir} {state}")


def _disk(data_dir: Path) -> Check:
    free = shutil.disk_usage(_existing(data_dir)).free
    outcome: Outcome = "ok"
    if free < DISK_WARNING_BYTES:
        outcome = "failed" if free < DISK_FAILED_BYTES else "warning"
    return Check("free disk", outcome, f"{free / 1024**3:.1f} GiB")


def _programs(data_dir: Path) -> Check:
    try:
        version = Programs(DEFAULT_MAJOR, server_account(data_dir / "postgres")).run("postgres", "--version")
    except TelemetraError as error:
        return Check("PostgreSQL programs", "failed", str(error))
    return Check("PostgreSQL programs", "ok", version.strip())


def _database(data_dir: Path, database_url: str | None, clock: Clock) -> list[Check]:
    try:
        if database_url is None and stored_major(data_dir) is None:
            return [Check("database", "ok", "none yet: the first start makes it"), _clock(None, clock())]
        with _reachable(data_dir, database_url) as (url, state):
            facts = read_facts(url)
            checks = [_version(facts, state), _migrations(url)]
            return [*checks, _clock(facts, clock())]
    except TelemetraError as error:
        return [Check("database", "failed", str(error)), _clock(None, clock())]


@contextmanager
def _reachable(data_dir: Path, database_url: str | None) -> Iterator[tuple[str, str]]:
    if database_url is not None:
        yield database_url, "external"
        return
    server = EmbeddedPostgres(data_dir)
    running = server.running_url()
    try:
        yield (running, "embedded, running") if running else (server.start(), "embedded, comes up")
    finally:
        server.stop()


def _version(facts: Facts, state: str) -> Check:
    seen = f"PostgreSQL {facts.major}, {state}, answers as {facts.database}"
    if facts.major < OLDEST_MAJOR:
        return Check("database", "failed", f"{seen}; at least {OLDEST_MAJOR} is needed")
    return Check("database", "ok", seen)


def _migrations(url: str) -> Check:
    try:
        missing = pending(url)
    except TelemetraError as error:
        return Check("migrations", "failed", str(error))
    if missing:
        return Check("migrations", "warning", f"the next start applies {', '.join(missing)}")
    return Check("migrations", "ok", "all applied")


def _clock(facts: Facts | None, now: int) -> Check:
    if now < CLOCK_BUILT:
        return Check("clock", "failed", f"it shows {rfc3339(now)}: set it")
    if facts is not None:
        if facts.newest_record is not None and facts.newest_record > now + CLOCK_DIFFERENCE:
            newest = rfc3339(facts.newest_record)
            return Check("clock", "failed", f"it shows {rfc3339(now)}, but events of {newest} are stored: set it")
        difference = abs(facts.time - now)
        if difference > CLOCK_DIFFERENCE:
            detail = f"it differs by {difference / SECOND:.0f} s from that of the database: synchronise both"
            return Check("clock", "warning", detail)
    return Check("clock", "ok", rfc3339(now))


def _port(host: str, port: int) -> Check:
    name = f"{host}:{port}"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if _telemetra_answers(host, port):
            return Check("port", "ok", f"a telemetra answers on {name}")
        return Check("port", "failed", f"{name}: {os.strerror(error.errno) if error.errno else error}")
    return Check("port", "ok", f"{name} is free")


def _telemetra_answers(host: str, port: int) -> bool:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        answer = httpx.get(f"http://{authority}/", timeout=2.0, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(answer, dict) and answer.keys() >= {"name", "version", "status", "docs", "health"}


def _compiled() -> Check:
    if not COMPILED:
        detail = "left out, as no C compiler was there at installation: events take more CPU time, nothing else differs"
        return Check("compiled loops", "ok", detail)
    return Check("compiled loops", "ok", "in use")


def _existing(path: Path) -> Path:
    """The path, or the nearest directory above it that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())
