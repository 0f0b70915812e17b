"""Dead letters: events that intake rejected or the pipeline could not store, kept as they came."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from psycopg import sql

from telemetra.model.times import to_microseconds
from telemetra.store.database import Database, Row, micros

_COLUMNS = sql.SQL("""
    id, workspace_id, disposition, source, code, detail, raw, received_at, correlation_id, redriven_at
""")
_LIST = sql.SQL("""
    SELECT {columns} FROM dead_letters WHERE workspace_id = %(workspace_id)s {conditions}
    ORDER BY received_at DESC, partition DESC, log_offset DESC LIMIT %(limit)s OFFSET %(offset)s
""")
_CODE = sql.SQL("AND code = %(code)s")
_SOURCE = sql.SQL("AND source = %(source)s")
_REDRIVEN = sql.SQL("AND (redriven_at IS NOT NULL) = %(redriven)s")
_GET = sql.SQL("SELECT {columns} FROM dead_letters WHERE workspace_id = %s AND id = %s").format(columns=_COLUMNS)
_MARK = sql.SQL("""
    UPDATE dead_letters SET redriven_at = coalesce(redriven_at, clock_timestamp()) WHERE workspace_id = %s AND id = %s
    RETURNING redriven_at
""")


class DeadLetterRow(msgspec.Struct):
    """One letter; times in microseconds. `raw` is what was sent, at most 64 KiB of it."""

    id: UUID
    workspace_id: str
    disposition: Literal["rejected", "dead"]
    source: str
    code: str
    detail: str
    raw: bytes
    received_at: int
    correlation_id: str | None
    redriven_at: int | None


async def list_dead_letters(
    database: Database,
    workspace_id: str,
    *,
    limit: int,
    offset: int = 0,
    code: str | None = None,
    source: str | None = None,
    redriven: bool | None = None,
) -> list[DeadLetterRow]:
    """Newest first."""
    conditions = [_CODE] * (code is not None) + [_SOURCE] * (source is not None) + [_REDRIVEN] * (redriven is not None)
    parameters = {
        "workspace_id": workspace_id,
        "limit": limit,
        "offset": offset,
        "code": code,
        "source": source,
        "redriven": redriven,
    }
    query = _LIST.format(columns=_COLUMNS, conditions=sql.SQL(" ").join(conditions))
    return [_letter(row) for row in await database.fetch_all(query, parameters)]


async def get_dead_letter(database: Database, workspace_id: str, letter_id: UUID) -> DeadLetterRow | None:
    row = await database.fetch_one(_GET, (workspace_id, letter_id))
    return None if row is None else _letter(row)


async def mark_redriven(database: Database, workspace_id: str, letter_id: UUID) -> int | None:
    """Mark the letter, once; returns when it was first re-driven (microseconds), None when there is no such letter."""
    row = await database.fetch_one(_MARK, (workspace_id, letter_id))
    return None if row is None else to_microseconds(row["redriven_at"])


def _letter(row: Row) -> DeadLetterRow:
    row["received_at"] = to_microseconds(row["received_at"])
    row["redriven_at"] = micros(row["redriven_at"])
    return DeadLetterRow(**row)
