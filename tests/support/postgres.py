"""A real PostgreSQL for the tests: one server per test process, one database per test, cut from a migrated template."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from telemetra.kinds.registry import load_registry
from telemetra.store.embedded import EmbeddedPostgres
from telemetra.store.kind_tables import ensure_kind_tables
from telemetra.store.migrate import migrate
from telemetra.store.postgres_programs import Programs, open_path, server_account
from telemetra.store.postgres_settings import INCLUDE

TEMPLATE = "template_telemetra"
_FAST = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "autovacuum = off",
    "min_wal_size = '64MB'",
    "max_wal_size = '128MB'",
)
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 2 * 1024**3


class Server:
    """A running server. `create` makes a database (migrated unless told otherwise) and returns its conninfo."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._admin = psycopg.connect(url, autocommit=True)
        # The tests' data may die with the machine; syncing it to disk would only cost time.
        for setting in _FAST:
            self._admin.execute(f"ALTER SYSTEM SET {setting}")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.conninfo(TEMPLATE))
        ensure_kind_tables(self.conninfo(TEMPLATE), load_registry("USD").kinds.values())
        self._numbers = itertools.count(1)

    def conninfo(self, database: str) -> str:
        return make_conninfo(self._url, dbname=database)

    def create(self, *, migrated: bool = True) -> str:
        name = f"test_{next(self._numbers)}"
        template = TEMPLATE if migrated else "template1"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self._admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        self._admin.close()


@contextmanager
def running_server() -> Iterator[Server]:
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
    directory = Path(tempfile.mkdtemp(prefix="tlm-", dir=_MEMORY if roomy else None))
    embedded = EmbeddedPostgres(directory)
    try:
        server = Server(embedded.start())
        try:
            yield server
        finally:
            server.close()
    finally:
        embedded.stop()
        shutil.rmtree(directory, ignore_errors=True)


def make_data_dir(data_dir: Path, major: int) -> None:
    """What a telemetra with another PostgreSQL left behind."""
    pgdata = data_dir / "postgres"
    account = server_account(pgdata)
    pgdata.mkdir(mode=0o700, parents=True)
    if account is not None:
        os.chown(pgdata, account.uid, account.gid)
        open_path(data_dir, account)
    Programs(major, account).run("initdb", f"--pgdata={pgdata}", "--username=telemetra", "--encoding=UTF8", "--no-sync")
    with (pgdata / "postgresql.conf").open("a") as file:
        file.write(INCLUDE)
