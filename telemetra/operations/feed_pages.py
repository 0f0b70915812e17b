"""Pages of what connectors and browsers have brought, and counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec

from telemetra.operations.connector_models import ConnectorMessage, MessageCount, WebsocketMessage
from telemetra.operations.services import Services
from telemetra.operations.streams import OFFSET_MAX
from telemetra.store import connector_messages as store
from telemetra.store import connectors
from telemetra.store.connector_messages import SortKey, SortOrder
from telemetra.store.database import Row

COUNT_MAX = 1_000_000
TOTAL_MAX = 100_000
PAGES_AT_A_TIME = 2

_encode = msgspec.json.Encoder().encode


class FeedPages:
    """Answers of one process: no more than a few large ones are made at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database = services.database
        self._places = asyncio.Semaphore(PAGES_AT_A_TIME)

    async def of_connector(
        self, workspace_id: str, connector_id: str, *, limit: int, skip: int, sort_by: SortKey, order: SortOrder
    ) -> bytes:
        """JSON ConnectorData. Raises `NotFound` for a connector that is not there and has left nothing behind."""
        total = await store.count_connector_data(self._database, workspace_id, connector_id, TOTAL_MAX + 1)
        if not total:
            await connectors.get_connector(self._database, self._services.connectors.sealer, workspace_id, connector_id)
        rows = store.connector_data(
            self._database,
            workspace_id,
            connector_id,
            limit=limit + 1,
            skip=min(skip, OFFSET_MAX),
            sort_by=sort_by,
            order=order,
        )
        return await self._page(rows, _connector_message, total, limit=limit, skip=skip)

    async def of_websockets(
        self, workspace_id: str, exchange: str | None, instrument: str | None, *, limit: int, skip: int
    ) -> bytes:
        """JSON WebsocketData, newest first."""
        total = await store.count_websocket_messages(self._database, workspace_id, exchange, instrument, TOTAL_MAX + 1)
        rows = store.websocket_messages(
            self._database, workspace_id, exchange, instrument, limit=limit + 1, skip=min(skip, OFFSET_MAX)
        )
        return await self._page(rows, _websocket_message, total, limit=limit, skip=skip)

    async def count_websockets(self, workspace_id: str, exchange: str | None, instrument: str | None) -> MessageCount:
        found = await store.count_websocket_messages(self._database, workspace_id, exchange, instrument, COUNT_MAX + 1)
        return MessageCount(min(found, COUNT_MAX), found <= COUNT_MAX)

    async def _page(
        self,
        rows: AsyncIterator[list[Row]],
        present: Callable[[Row], msgspec.Struct],
        total: int,
        *,
        limit: int,
        skip: int,
    ) -> bytes:
        """Encoded piece by piece: a page may have 100,000 rows. One beyond the limit says whether there are more."""
        encoded: list[bytes] = []
        async with self._places:
            async for piece in rows:
                encoded += [_encode(present(row)) for row in piece]
        head = {
            "total": min(total, TOTAL_MAX),
            "total_is_exact": total <= TOTAL_MAX,
            "skip": skip,
            "limit": limit,
            "has_more": len(encoded) > limit,
        }
        return b'{"data":[' + b",".join(encoded[:limit]) + b"]," + _encode(head)[1:]


def _connector_message(row: Row) -> ConnectorMessage:
    raw = row["raw_response"]
    row["data"] = msgspec.Raw(row["data"].encode())
    row["raw_response"] = None if raw is None else msgspec.Raw(raw.encode())
    return ConnectorMessage(**row)


def _websocket_message(row: Row) -> WebsocketMessage:
    row["data"] = msgspec.Raw(row["data"].encode())
    return WebsocketMessage(**row)
