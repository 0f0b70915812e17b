"""Brings a database to this program's schema: yoyo's files and bookkeeping, made safe against kills and races.

yoyo's own lock is a row that survives a `kill -9`, and it commits a migration before it notes it as applied. Here the
lock is an advisory lock of the session, which dies with it, and a migration and its note are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations  # type: ignore[import-untyped]
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend  # type: ignore[import-untyped]
from yoyo.connections import DatabaseURI  # type: ignore[import-untyped]
from yoyo.migrations import default_migration_table  # type: ignore[import-untyped]

from telemetra.clock import system_clock
from telemetra.errors import Fatal
from telemetra.model.times import to_datetime
from telemetra.store.database import Failure, classify, unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_SECONDS = 120
_LOCK_KEY = 0x74656C65  # "tele"


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's PostgreSQL backend without its three habits that do not survive a kill or a strange machine."""

    def create_lock_table(self) -> None:
        """None: see `lock`."""

    @contextmanager
    def lock(self, timeout: float = 10) -> Iterator[None]:
        """The advisory lock of the caller covers everything."""
        yield

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.mark_one(migration)

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Without the name of the user and of the host: asking for them fails or hangs on some machines."""
        return {
            "id": str(uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": "telemetra",
            "hostname": "",
            "created_at_utc": to_datetime(system_clock()).replace(tzinfo=None),
            "operation": operation,
        }


def migrate(conninfo: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing and return the ids applied, oldest first; [] when there was nothing to do.

    Blocking; call it from a thread. Two programs may call it at once: the second waits for the first.
    Raises `Fatal` when the database was migrated by a newer program or a migration fails (nothing of it stays), and
    `Unavailable` when the database cannot be reached or the other program does not finish.
    """
    with _connected(conninfo) as guard:
        guard.execute(f"SET lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        guard.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        missing = _missing(guard, directory)
        if missing:
            with _Backend(_address(conninfo), default_migration_table) as backend:
                backend.apply_migrations(backend.to_apply(read_migrations(str(directory))))
        return missing


def pending(conninfo: str, directory: Path = MIGRATIONS) -> list[str]:
    """The ids that `migrate` would apply. Raises as `migrate` does; changes nothing."""
    with _connected(conninfo) as connection:
        return _missing(connection, directory)


def _missing(connection: psycopg.Connection[Any], directory: Path) -> list[str]:
    known = sorted(migration.id for migration in read_migrations(str(directory)))
    table = sql.Identifier(default_migration_table)
    (exists,) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [default_migration_table]).fetchone() or (
        False,
    )
    rows = connection.execute(sql.SQL("SELECT migration_id FROM {}").format(table)).fetchall() if exists else []
    applied = {row[0] for row in rows}
    newer = sorted(applied.difference(known))
    if newer:
        raise Fatal(f"the database is newer than this program (it has {', '.join(newer)}): update telemetra")
    return [migration for migration in known if migration not in applied]


@contextmanager
def _connected(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        if classify(error) is Failure.RETRY:
            raise unavailable(error) from error
        raise Fatal(f"a migration failed: {' '.join(str(error).split())}") from error


def _address(conninfo: str) -> DatabaseURI:
    """The same connection in yoyo's words; what is not given stays None, so that libpq's defaults hold."""
    given: dict[str, Any] = conninfo_to_dict(conninfo)
    names = ("user", "password", "host", "port", "dbname")
    user, password, host, port, database = (given.pop(name, None) for name in names)
    return DatabaseURI("postgresql+psycopg", user, password, host, port, database, given)
