"""Pages of what connectors fetched, from the views of the seeds. Rows come in pieces, so that a page of 100,000 neither
stands in memory as rows nor holds up the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from psycopg import sql
from psycopg.rows import dict_row

from telemetra.store.database import Database, Row

PIECE_ROWS = 1000
STATEMENT_SECONDS = 15

SortKey = Literal["timestamp", "id", "price"]
SortOrder = Literal["asc", "desc"]

_CONNECTOR_DATA = sql.SQL("""
    SELECT id, connector_id, timestamp, exchange, instrument, price::text AS price, data::text AS data,
        raw_response::text AS raw_response, message_type, source_id, session_id, db_timestamp, stream_id
    FROM api_connector_data AS page WHERE workspace_id = %(workspace_id)s AND connector_id = %(connector_id)s
    ORDER BY {order} LIMIT %(limit)s OFFSET %(skip)s
""")
_COUNT_CONNECTOR_DATA = """
    SELECT count(*) AS found FROM (
        SELECT FROM events WHERE workspace_id = %(workspace_id)s AND connector_id = %(connector_id)s LIMIT %(most)s
    ) AS counted
"""
_MESSAGES = sql.SQL("""
    SELECT id, timestamp, exchange, instrument, price::text AS price, data::text AS data, message_type, source_id,
        session_id, connector_id, db_timestamp, stream_id
    FROM websocket_messages WHERE workspace_id = %(workspace_id)s {conditions}
    ORDER BY timestamp DESC, id DESC LIMIT %(limit)s OFFSET %(skip)s
""")
_COUNT_MESSAGES = sql.SQL("""
    SELECT count(*) AS found FROM (
        SELECT FROM websocket_messages WHERE workspace_id = %(workspace_id)s {conditions} LIMIT %(most)s
    ) AS counted
""")
# The columns of the view: without its name ORDER BY means those of the answer, in which a price is a text.
_ORDERS = {
    (key, order): sql.SQL(text)
    for order in ("asc", "desc")
    for key, text in (
        ("timestamp", f"page.timestamp {order}, page.id {order}"),
        ("id", f"page.id {order}"),
        ("price", f"page.price {order} NULLS LAST, page.id {order}"),
    )
}


async def connector_data(
    database: Database,
    workspace_id: str,
    connector_id: str,
    *,
    limit: int,
    skip: int,
    sort_by: SortKey,
    order: SortOrder,
) -> AsyncIterator[list[Row]]:
    """Rows of `api_connector_data` in pieces; `data` and `raw_response` are JSON text."""
    query = _CONNECTOR_DATA.format(order=_ORDERS[sort_by, order])
    values = {"workspace_id": workspace_id, "connector_id": connector_id, "limit": limit, "skip": skip}
    async for piece in _pieces(database, query, values):
        yield piece


async def count_connector_data(database: Database, workspace_id: str, connector_id: str, most: int) -> int:
    """How many there are, `most` at most."""
    values = {"workspace_id": workspace_id, "connector_id": connector_id, "most": most}
    return await _count(database, sql.SQL(_COUNT_CONNECTOR_DATA), values)


async def websocket_messages(
    database: Database, workspace_id: str, exchange: str | None, instrument: str | None, *, limit: int, skip: int
) -> AsyncIterator[list[Row]]:
    """Rows of `websocket_messages`, newest first, in pieces; `data` is JSON text."""
    query, values = _filtered(_MESSAGES, workspace_id, exchange, instrument)
    async for piece in _pieces(database, query, values | {"limit": limit, "skip": skip}):
        yield piece


async def count_websocket_messages(
    database: Database, workspace_id: str, exchange: str | None, instrument: str | None, most: int
) -> int:
    """How many there are, `most` at most."""
    query, values = _filtered(_COUNT_MESSAGES, workspace_id, exchange, instrument)
    return await _count(database, query, values | {"most": most})


def _filtered(
    query: sql.SQL, workspace_id: str, exchange: str | None, instrument: str | None
) -> tuple[sql.Composed, dict[str, Any]]:
    given = {"exchange": exchange, "instrument": instrument}
    values = {name: value for name, value in given.items() if value is not None}
    conditions = [sql.SQL("AND {} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values]
    return query.format(conditions=sql.SQL(" ").join(conditions)), {"workspace_id": workspace_id, **values}


async def _pieces(database: Database, query: sql.Composed, values: dict[str, Any]) -> AsyncIterator[list[Row]]:
    """A page that takes longer than `STATEMENT_SECONDS` to find raises `Unavailable`."""
    async with database.transaction() as connection:
        await connection.execute(_TIME_LIMIT)
        async with connection.cursor(name="page", row_factory=dict_row) as cursor:
            await cursor.execute(query, values)
            while piece := await cursor.fetchmany(PIECE_ROWS):
                yield piece


async def _count(database: Database, query: sql.SQL | sql.Composed, values: dict[str, Any]) -> int:
    async with database.transaction() as connection:
        await connection.execute(_TIME_LIMIT)
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(query, values)
        row = await cursor.fetchone()
    assert row is not None, "count(*) has a row"
    return int(row["found"])


_TIME_LIMIT = sql.SQL("SET LOCAL statement_timeout = '{}s'").format(sql.SQL(str(STATEMENT_SECONDS)))
