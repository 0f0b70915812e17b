"""Who runs the pipeline of a database: the holder of an advisory lock, which ends with its session.

The lock decides quickly who leads; what makes two leaders harmless is the owner epoch of the checkpoint (SPEC 4).
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection

from telemetra.store.database import session_conninfo, unavailable

_LOCK_KEY = 0x70697065  # "pipe"
# A leader whose machine vanishes says no goodbye: the server must notice by itself, within about ten seconds.
_SERVER_KEEPALIVES = "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
_CHECK_TIMEOUT_SECONDS = 5.0


class Leadership:
    """A session that asks for the lock and, once it has it, holds it. Belongs to one event loop."""

    def __init__(self, conninfo: str, partition: int = 0) -> None:
        session = session_conninfo(conninfo, "telemetra leadership")
        options = psycopg.conninfo.conninfo_to_dict(session).get("options", "")
        self._conninfo = psycopg.conninfo.make_conninfo(session, options=f"{options} {_SERVER_KEEPALIVES}")
        self._partition = partition
        self._connection: AsyncConnection[Any] | None = None

    async def acquire(self) -> bool:
        """True when this process leads now, False when another does. Raises `Unavailable`."""
        try:
            if self._connection is None:
                self._connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
            cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_KEY, self._partition))
            return bool((await cursor.fetchall())[0][0])
        except psycopg.Error as error:
            await self.close()
            raise unavailable(error) from error

    async def held(self) -> bool:
        """Whether the session, and so the lock, is still there."""
        if self._connection is None:
            return False
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_SECONDS):
                await self._connection.execute("SELECT 1")
        except (psycopg.Error, TimeoutError):
            await self.close()
            return False
        return True

    async def close(self) -> None:
        """Give up the lock, if held."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
