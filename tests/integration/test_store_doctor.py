"""The doctor finds what is wrong with a real machine, and finds nothing where nothing is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from telemetra.clock import system_clock
from telemetra.model.window import SECOND
from telemetra.operations.doctor import Check, diagnose, exit_code
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.migrate import MIGRATIONS, migrate
from tests.support.postgres import Server

APPEND = "INSERT INTO log_records (partition, next_offset, items, payload) VALUES (0, 1, 1, '')"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    yield number


def look(port: int, *, data_dir: Path = Path("/nowhere"), url: str | None = None, ahead: int = 0) -> dict[str, Check]:
    checks = diagnose(
        data_dir=data_dir, database_url=url, host="127.0.0.1", port=port, clock=lambda: system_clock() + ahead
    )
    return {check.name: check for check in checks}


def outcomes(checks: dict[str, Check]) -> dict[str, str]:
    return {name: check.outcome for name, check in checks.items()}


def test_an_external_database_in_order(port: int, database_url: str) -> None:
    checks = look(port, url=database_url)
    assert outcomes(checks) == {
        "database": "ok",
        "migrations": "ok",
        "clock": "ok",
        "port": "ok",
        "compiled loops": "ok",
    }
    assert exit_code(list(checks.values())) == 0
    assert str(checks["migrations"]) == "ok       migrations: all applied"


def test_an_embedded_database_before_its_first_start_then_stopped_then_running(port: int, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    checks = look(port, data_dir=data_dir)
    assert checks["database"].detail == "none yet: the first start makes it"
    assert not data_dir.exists()

    server = EmbeddedPostgres(data_dir)
    migrate(server.start())
    server.stop()
    checks = look(port, data_dir=data_dir)
    assert "comes up" in checks["database"].detail
    assert set(outcomes(checks).values()) <= {"ok", "warning"}

    server.start()
    try:
        checks = look(port, data_dir=data_dir)
        assert "running" in checks["database"].detail
        assert server.running_url() is not None
    finally:
        server.stop()


def test_missing_migrations_are_named(port: int, postgres: Server) -> None:
    name = postgres.create(migrated=False)
    check = look(port, url=postgres.conninfo(name))["migrations"]
    postgres.drop(name)
    assert check.outcome == "warning"
    assert all(path.stem in check.detail for path in MIGRATIONS.glob("*.sql"))


@pytest.mark.parametrize(
    ("ahead", "outcome", "word"),
    [
        (60 * SECOND, "warning", "differs by 60 s"),
        (-60 * SECOND, "failed", "are stored"),
        (-(10**16), "failed", "set it"),
    ],
)
def test_a_clock_that_is_wrong(port: int, database_url: str, ahead: int, outcome: str, word: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(APPEND)
    check = look(port, url=database_url, ahead=max(ahead, -system_clock()))["clock"]
    assert check.outcome == outcome
    assert word in check.detail


def test_a_taken_port_and_an_unreachable_database(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        checks = look(taken.getsockname()[1], url="postgresql://telemetra:secret@127.0.0.1:1/telemetra")
    assert outcomes(checks) == {"database": "failed", "clock": "ok", "port": "failed", "compiled loops": "ok"}
    assert "Address already in use" in checks["port"].detail
    assert exit_code(list(checks.values())) == 1
    assert all("secret" not in str(check) and "\n" not in str(check) for check in checks.values())


def test_a_directory_that_is_none(port: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check = look(port, data_dir=tmp_path / "file" / "data")["data directory"]
    assert check.outcome == "failed"
    assert "Not a directory" in check.detail
