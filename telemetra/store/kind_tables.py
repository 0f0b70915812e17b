"""The tables that kinds' minutes go to. The first one (chat_summary_minute) is made by a migration, all others from
their kinds' declarations, so that a kind is one file and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

import psycopg
from psycopg import sql

from telemetra.errors import Fatal
from telemetra.kinds.base import Column, Kind
from telemetra.store.database import Failure, classify, unavailable

_LOCK_KEY = 0x6B696E64  # "kind"

# As in the migrations, for every kind.
_CREATE: LiteralString = """
    CREATE TABLE IF NOT EXISTS {table} (
        workspace_id text NOT NULL,
        stream_id text NOT NULL,
        window_start timestamptz NOT NULL,
        window_end timestamptz NOT NULL,
        {columns},
        z_score double precision,
        baseline_level double precision,
        baseline_low double precision,
        baseline_high double precision,
        is_anomaly boolean NOT NULL DEFAULT false,
        suspect boolean NOT NULL DEFAULT false,
        processed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (workspace_id, stream_id, window_start),
        FOREIGN KEY (workspace_id, stream_id) REFERENCES streams ON DELETE CASCADE
    )
"""
# What a later version added to every kind; here for tables that an earlier one made.
_ADD: LiteralString = """
    ALTER TABLE {table}
        ADD COLUMN IF NOT EXISTS baseline_level double precision,
        ADD COLUMN IF NOT EXISTS baseline_low double precision,
        ADD COLUMN IF NOT EXISTS baseline_high double precision
"""
_COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped
"""


def ensure_kind_tables(conninfo: str, kinds: Iterable[Kind]) -> list[str]:
    """Make the missing tables, and what later versions added to all; returns the names of those made. Blocking.

    Raises `Fatal` for a kind whose table lacks a column of it, naming both: its checkpoints could never be stored.
    """
    made = []
    try:
        with psycopg.connect(conninfo) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])
            for kind in kinds:
                if not kind.has_minutes:
                    continue
                present = {name for (name,) in connection.execute(_COLUMNS, [kind.table])}
                if not present:
                    connection.execute(_create(kind))
                    made.append(kind.table)
                elif missing := [column.name for column in kind.columns if column.name not in present]:
                    raise Fatal(f"kind {kind.name}: its table {kind.table} has no column {', '.join(missing)}")
                elif "baseline_level" not in present:
                    connection.execute(sql.SQL(_ADD).format(table=sql.Identifier(kind.table)))
    except psycopg.Error as error:
        if classify(error) is Failure.RETRY:
            raise unavailable(error) from error
        raise Fatal(f"the table of a kind cannot be made: {' '.join(str(error).split())}") from error
    return made


def _create(kind: Kind) -> sql.Composed:
    return sql.SQL(_CREATE).format(
        table=sql.Identifier(kind.table), columns=sql.SQL(", ").join(_column(column) for column in kind.columns)
    )


def _column(column: Column) -> sql.Composed:
    # The type is the declaration's own text: whoever installs a kind trusts its code already.
    return sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))
