"""A database as one file and back, by PostgreSQL's own programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from telemetra.errors import Fatal
from telemetra.store.postgres_programs import DEFAULT_MAJOR, Programs

_TABLES = """
    SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
"""


def dump(conninfo: str, file: Path, *, major: int = DEFAULT_MAJOR) -> None:
    """Write everything, as of one instant, to `file`; the database may be in use. `major`: whose pg_dump to use."""
    address, environment = _address(conninfo)
    Programs(major).run(
        "pg_dump",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--file={file}",
        f"--dbname={address}",
        environment=environment,
    )


def load(conninfo: str, file: Path) -> None:
    """Load a dump into an empty database, whole or not at all. Raises `Fatal` when there are tables already.

    The log gets a new identity: it may go on otherwise than the one that was saved, so offsets of live clients from
    after the dump must not be taken for its own.
    """
    address, environment = _address(conninfo)
    programs = Programs()
    programs.run("pg_restore", "--list", str(file))  # no archive? say so before anything is touched
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(_TABLES).fetchone()
    if row != (0,):
        raise Fatal("the database is not empty: restore into a new data directory or a new database")
    programs.run(
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        f"--dbname={address}",
        str(file),
        environment=environment,
    )
    with psycopg.connect(conninfo) as connection:
        connection.execute("UPDATE log_head SET epoch = gen_random_uuid()")


def _address(conninfo: str) -> tuple[str, dict[str, str]]:
    """The address without the password, which every user of the machine could read in the list of processes."""
    given: dict[str, Any] = conninfo_to_dict(conninfo)
    password = given.pop("password", None)
    return make_conninfo(**given), {} if password is None else {"PGPASSWORD": str(password)}
