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
    only_changed: bool = False,
) -> int:
    """Write `rows` (all with the same columns; several rows of one key: the last wins) to `table` with unique `key`.

    On a conflict the other columns are replaced, left alone, or added to. `touch`: a column that an update sets to
    the time of writing. `only_changed`: rows that are there already, the same, are not written. Returns the number of
    rows written. Values: str, int, float, Decimal, bool, None, aware datetimes, UUIDs, lists and dicts.
    """
    if not rows:
        return 0
    unique = {tuple(row[name] for name in key): row for row in rows}
    columns = list(rows[0])
    others = [name for name in columns if name not in key]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
        " ON CONFLICT ({key}) DO {action} {condition}"
    ).format(
        table=sql.Identifier(table),
        names=names,
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        action=_action(table, others, on_conflict, touch),
        condition=_is_different(table, others) if only_changed else sql.SQL(""),
    )
    # Sorted, so that two writers of the same rows lock them in the same order.
    document = _encoder.encode([unique[values] for values in sorted(unique)]).decode()
    return (await connection.execute(statement, (document,))).rowcount


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


def _is_different(table: str, columns: Sequence[str]) -> sql.Composable:
    stored = sql.SQL(", ").join(sql.Identifier(table, name) for name in columns)
    given = sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(sql.Identifier(name)) for name in columns)
    return sql.SQL("WHERE ({}) IS DISTINCT FROM ({})").format(stored, given)
