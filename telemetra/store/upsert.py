"""One way to write many rows at once: a single statement from one JSON document.

PostgreSQL converts each value to its column's type (jsonb_populate_recordset), so numbers as text stay exact and no
type is named twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from psycopg import AsyncConnection, sql

_encoder = msgspec.json.Encoder()

OnConflict = Literal["update", "nothing", "add"]


async def upsert(
    connection: AsyncConnection[Any],
    table: str,
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    on_conflict: OnConflict = "update",
    touch: str | None = None,
) -> None:
    """Write `rows` (all with the same columns; several rows of one key: the last wins) to `table` with unique `key`.

    On a conflict the other columns are replaced, left alone, or added to. `touch`: a column that an update sets to
    the time of writing. Values: str, int, float, Decimal, bool, None, aware datetimes, UUIDs, lists and dicts.
    """
    if not rows:
        return
    unique = {tuple(row[name] for name in key): row for row in rows}
    columns = list(rows[0])
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
        " ON CONFLICT ({key}) DO {action}"
    ).format(
        table=sql.Identifier(table),
        names=names,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        action=_action(table, [name for name in columns if name not in key], on_conflict, touch),
    )
    # Sorted, so that two writers of the same rows lock them in the same order.
    document = _encoder.encode([unique[values] for values in sorted(unique)]).decode()
    await connection.execute(statement, (document,))


def _action(table: str, columns: Sequence[str], on_conflict: OnConflict, touch: str | None) -> sql.Composable:
    if on_conflict == "nothing":
        return sql.SQL("NOTHING")
    added = sql.SQL("{column} = {table}.{column} + EXCLUDED.{column}")
    replaced = sql.SQL("{column} = EXCLUDED.{column}")
    template = added if on_conflict == "add" else replaced
    assignments: list[sql.Composable] = [
        template.format(table=sql.Identifier(table), column=sql.Identifier(name)) for name in columns
    ]
    if touch is not None:
        assignments.append(sql.SQL("{} = clock_timestamp()").format(sql.Identifier(touch)))
    return sql.SQL("UPDATE SET ") + sql.SQL(", ").join(assignments)
