"""Migrations: once, in order, whole or not at all, whatever is started or killed at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from telemetra.errors import Fatal, Unavailable
from telemetra.store.migrate import MIGRATIONS, migrate, pending
from tests.support.postgres import Server

KNOWN = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


@pytest.fixture
def empty_url(postgres: Server) -> Iterator[str]:
    """A database without any table."""
    name = postgres.create(migrated=False)
    yield postgres.conninfo(name)
    postgres.drop(name)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Two migrations of our own; the second makes two tables."""
    (tmp_path / "0001.one.sql").write_text("CREATE TABLE one (value integer);")
    (tmp_path / "0002.two.sql").write_text("CREATE TABLE two (value integer); CREATE TABLE three (value integer);")
    return tmp_path


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows if "yoyo" not in name}


def test_an_empty_database_gets_everything_once(empty_url: str) -> None:
    assert pending(empty_url) == KNOWN
    assert migrate(empty_url) == KNOWN
    assert pending(empty_url) == []
    assert migrate(empty_url) == []
    assert {"events", "log_head", "moments"} <= tables(empty_url)


def test_processes_that_start_at_once_all_succeed(empty_url: str) -> None:
    together = threading.Barrier(4)

    def start() -> list[str]:
        together.wait()
        return migrate(empty_url)

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert sorted(answers) == [[], [], [], KNOWN]


def test_a_migration_that_fails_leaves_nothing_of_itself(empty_url: str, directory: Path) -> None:
    broken = directory / "0002.two.sql"
    whole = broken.read_text()
    broken.write_text("CREATE TABLE two (value integer); CREATE TABLE one (value integer);")
    with pytest.raises(Fatal, match='relation "one" already exists'):
        migrate(empty_url, directory)
    assert tables(empty_url) == {"one"}
    assert pending(empty_url, directory) == ["0002.two"]

    broken.write_text(whole)
    assert migrate(empty_url, directory) == ["0002.two"]
    assert tables(empty_url) == {"one", "two", "three"}


def test_a_program_killed_in_a_migration_blocks_nobody_and_leaves_nothing(empty_url: str, directory: Path) -> None:
    """Its sessions end with it: the lock goes, and the migration that was under way is undone."""
    slow = directory / "0002.two.sql"
    whole = slow.read_text()
    slow.write_text(f"{whole} SELECT pg_sleep(60);")
    with ThreadPoolExecutor(1) as pool:
        victim = pool.submit(migrate, empty_url, directory)
        with psycopg.connect(empty_url, autocommit=True) as connection:
            killed = 0
            while killed == 0:
                killed = connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
                ).rowcount
        with pytest.raises(Unavailable):
            victim.result()
    slow.write_text(whole)
    assert migrate(empty_url, directory) == ["0002.two"]
    assert tables(empty_url) == {"one", "two", "three"}


def test_a_database_newer_than_the_program_is_refused(empty_url: str, directory: Path) -> None:
    migrate(empty_url, directory)
    (directory / "0002.two.sql").unlink()
    for question in (migrate, pending):
        with pytest.raises(Fatal, match=r"newer than this program \(it has 0002\.two\)"):
            question(empty_url, directory)


def test_every_table_with_data_of_a_tenant_carries_its_workspace(database_url: str) -> None:
    global_tables = {"log_head", "log_records", "pipeline_offsets", "moment_settings_revision"}
    with psycopg.connect(database_url) as connection:
        with_workspace = {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'workspace_id'"
            )
        }
        naive = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type LIKE 'timestamp without%%' AND table_name NOT LIKE '%%yoyo%%'"
        ).fetchall()
    assert tables(database_url) - global_tables <= with_workspace
    assert naive == []
