"""Backup and restore: of a running product, across PostgreSQL's versions, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from telemetra.errors import Fatal
from telemetra.operations.backup import backup, restore
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.migrate import migrate
from tests.support.postgres import Server, make_data_dir

FILL = """
    INSERT INTO streams (workspace_id, stream_id, kind, streamer_name, last_event_at) VALUES ('d', 's', 'k', 'n', now())
"""


@pytest.fixture
def empty_url(postgres: Server) -> Iterator[str]:
    name = postgres.create(migrated=False)
    yield postgres.conninfo(name)
    postgres.drop(name)


def streams(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT stream_id FROM streams").fetchall()


def epoch(url: str) -> tuple[str, ...] | None:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT epoch FROM log_head").fetchone()


def test_a_database_in_use_is_saved_and_loaded(tmp_path: Path, database_url: str, empty_url: str) -> None:
    file = tmp_path / "saved"
    with psycopg.connect(database_url) as in_use:
        in_use.execute(FILL)
        in_use.commit()
        in_use.execute("DELETE FROM streams")
        assert backup(file, data_dir=tmp_path, database_url=database_url) == file.stat().st_size > 1000
        in_use.rollback()
    assert file.stat().st_mode & 0o077 == 0
    restore(file, data_dir=tmp_path, database_url=empty_url)
    assert streams(empty_url) == [("s",)]
    assert migrate(empty_url) == []
    assert epoch(empty_url) != epoch(database_url)


def test_a_directory_of_an_older_postgresql_moves_to_the_new_one(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "saved"
    make_data_dir(old, 16)
    server = EmbeddedPostgres(old, major=16)
    url = server.start()
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(FILL)
    server.stop()

    backup(file, data_dir=old)
    restore(file, data_dir=new)

    server = EmbeddedPostgres(new)
    try:
        assert streams(server.start()) == [("s",)]
        in_use = tmp_path / "in-use"
        assert backup(in_use, data_dir=new) > 1000
        with pytest.raises(Fatal, match="in use by another telemetra"):
            restore(in_use, data_dir=new)
    finally:
        server.stop()


def test_a_database_with_tables_is_not_loaded_into(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "saved"
    backup(file, data_dir=tmp_path, database_url=database_url)
    with pytest.raises(Fatal, match="not empty"):
        restore(file, data_dir=tmp_path, database_url=database_url)


def test_a_file_that_is_no_backup_touches_nothing(tmp_path: Path, empty_url: str) -> None:
    file = tmp_path / "letter"
    file.write_text("Dear database")
    with pytest.raises(Fatal, match="not appear to be a valid archive"):
        restore(file, data_dir=tmp_path, database_url=empty_url)
    with pytest.raises(Fatal, match="is no file"):
        restore(tmp_path / "absent", data_dir=tmp_path, database_url=empty_url)


def test_a_backup_that_fails_leaves_no_file_and_replaces_none(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "saved"
    nowhere = "postgresql://telemetra:secret@127.0.0.1:1/telemetra"
    with pytest.raises(Fatal) as refused:
        backup(file, data_dir=tmp_path, database_url=nowhere)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []

    file.write_text("precious")
    with pytest.raises(Fatal, match="exists already"):
        backup(file, data_dir=tmp_path, database_url=database_url)
    with pytest.raises(Fatal, match="no database"):
        backup(tmp_path / "other", data_dir=tmp_path / "none")
    with pytest.raises(Fatal, match="No such file or directory"):
        backup(tmp_path / "no-folder" / "saved", data_dir=tmp_path, database_url=database_url)
