"""What `telemetra doctor` asks a database, which may have no tables yet."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from telemetra.errors import Fatal
from telemetra.model.times import to_microseconds
from telemetra.store.database import micros

_FACTS = "SELECT current_setting('server_version_num')::integer / 10000, clock_timestamp(), current_database()"
_LOG_EXISTS = "SELECT to_regclass('log_records') IS NOT NULL"
_NEWEST = "SELECT max(appended_at) FROM log_records"


@dataclass(frozen=True, slots=True)
class Facts:
    """`time`: the server's clock; `newest_record`: when the newest record of the log was appended. Microseconds."""

    major: int
    database: str
    time: int
    newest_record: int | None


def read_facts(conninfo: str) -> Facts:
    """Blocking. Raises `Fatal` with the reason when the database cannot be asked."""
    try:
        with psycopg.connect(conninfo, connect_timeout=5, options="-c timezone=UTC") as connection:
            facts = connection.execute(_FACTS).fetchone()
            (log_exists,) = connection.execute(_LOG_EXISTS).fetchone() or (False,)
            newest = connection.execute(_NEWEST).fetchone() if log_exists else None
    except psycopg.Error as error:
        raise Fatal(" ".join(str(error).split())) from error
    assert facts is not None, "a SELECT without FROM has a row"
    major, time, database = facts
    return Facts(major, database, to_microseconds(time), micros(newest[0]) if newest else None)
