"""The embedded server and its directory: what it is made of, and what may be wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from telemetra.errors import Fatal
from telemetra.store.embedded import EmbeddedPostgres, stored_major
from tests.support.postgres import make_data_dir


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(tmp_path / "data")
    yield embedded
    embedded.stop()


def refusal(data_dir: Path) -> str:
    """The one line with which a start is refused."""
    with pytest.raises(Fatal) as refused:
        EmbeddedPostgres(data_dir).start()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_new_directory_is_durable_private_and_speaks_utf8(tmp_path: Path, server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start()) as connection:
        settings = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
                [["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "TimeZone"]],
            ).fetchall()
        )
        assert connection.execute("SELECT lower('ÄÉ'), 'é' COLLATE \"default\" > 'z'").fetchone() == ("äé", True)
    assert settings == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
    }
    for directory in (tmp_path / "data" / "postgres", tmp_path / "data" / "run"):
        assert directory.stat().st_mode & 0o077 == 0


def test_directories_above_stay_closed_to_everybody_else(tmp_path: Path, server: EmbeddedPostgres) -> None:
    closed = tmp_path.parent
    assert closed.stat().st_mode & 0o007 == 0
    server.start()
    assert closed.stat().st_mode & 0o007 == 0


def test_a_path_too_long_for_a_socket_gets_a_private_one_elsewhere(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long-" * 20) / "data")
    url = server.start()
    try:
        with psycopg.connect(url) as connection:
            socket_dir = Path(connection.info.host)
        assert len(os.fsencode(socket_dir)) < 100
        assert socket_dir.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
    socket_dir.rmdir()


def test_a_first_start_that_was_cut_short_is_begun_anew(tmp_path: Path, server: EmbeddedPostgres) -> None:
    half_made = tmp_path / "data" / "postgres.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half_made.exists()


def test_another_major_version_is_named_with_the_way_out(tmp_path: Path) -> None:
    make_data_dir(tmp_path / "data", 16)
    assert stored_major(tmp_path / "data") == 16
    text = refusal(tmp_path / "data")
    assert "PostgreSQL 16" in text and "telemetra backup" in text and "telemetra restore" in text


def test_a_file_in_the_way_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refusal(tmp_path / "file")
    assert str(tmp_path / "file" / "data") in refusal(tmp_path / "file" / "data")


def test_a_damaged_version_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    (tmp_path / "data" / "postgres" / "PG_VERSION").write_text("")
    assert "PG_VERSION is damaged" in refusal(tmp_path / "data")


def test_a_failed_start_gives_the_reason_and_leaves_the_directory_free(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    server.start()
    server.stop()
    settings = tmp_path / "data" / "postgres" / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "no_such_setting = 1\n")
    assert "contains errors" in refusal(tmp_path / "data")
    settings.write_text(good)
    server.start()
