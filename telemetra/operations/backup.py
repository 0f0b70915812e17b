"""`telemetra backup` and `telemetra restore`: the whole database as one file, also across PostgreSQL's versions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from telemetra.errors import Fatal
from telemetra.store.dump import dump, load
from telemetra.store.embedded import EmbeddedPostgres, stored_major


def backup(file: Path, *, data_dir: Path, database_url: str | None = None) -> int:
    """Save the database (the one of `data_dir` unless a URL is given) to `file`; returns its size in bytes.

    The product may go on running. `file` must not exist; it appears when it is whole and on the disk. Blocking.
    Raises `Fatal`, one line.
    """
    if file.exists():
        raise Fatal(f"{file} exists already: choose another name")
    unfinished = file.with_name(f"{file.name}.part")
    with _one_line_errors():
        unfinished.touch(mode=0o600)
        try:
            if database_url is not None:
                dump(database_url, unfinished.absolute())
            else:
                major = stored_major(data_dir)
                if major is None:
                    raise Fatal(f"{data_dir} holds no database: there is nothing to save")
                with _embedded(data_dir, major) as url:
                    dump(url, unfinished.absolute(), major=major)
            with unfinished.open("rb") as written:
                os.fsync(written.fileno())
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
        return file.stat().st_size


def restore(file: Path, *, data_dir: Path, database_url: str | None = None) -> None:
    """Load `file` into the empty database of `data_dir` (made if there is none) or behind a URL. Blocking.

    Nothing is loaded when anything goes wrong. Raises `Fatal`, one line; a database with tables is refused.
    """
    with _one_line_errors():
        if not file.is_file():
            raise Fatal(f"{file} is no file")
        if database_url is not None:
            load(database_url, file.absolute())
            return
        server = EmbeddedPostgres(data_dir)
        url = server.start()
        try:
            load(url, file.absolute())
        finally:
            server.stop()


@contextmanager
def _embedded(data_dir: Path, major: int) -> Iterator[str]:
    """The URL of the embedded server: the one that runs already, else one of our own for the time being."""
    server = EmbeddedPostgres(data_dir, major=major)
    running = server.running_url()
    try:
        yield running or server.start()
    finally:
        server.stop()


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Fatal(f"{error.filename}: {error.strerror}") from error
    except psycopg.Error as error:
        raise Fatal(" ".join(str(error).split())) from error
