"""The door to PostgreSQL: one bounded pool of autocommit connections, and the one function that judges its errors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PGconn, Ping
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from telemetra.errors import Fatal, Fenced, TelemetraError, Unavailable
from telemetra.model.times import to_datetime, to_microseconds

Row = dict[str, Any]
Query = LiteralString | sql.SQL | sql.Composed
Parameters = Sequence[Any] | Mapping[str, Any]

WAIT_SECONDS = 5.0
"""How long a caller waits for a connection before it is told `Unavailable`."""
SEND_BUFFER_BYTES = 4 << 20
"""What the kernel may hold of a Unix socket's data, if the system allows so much; some thousand rows of the archive."""
STATEMENT_TIMEOUT_SECONDS = 30
IDLE_IN_TRANSACTION_SECONDS = 30
_OPTIONS = (
    "-c datestyle=ISO -c intervalstyle=postgres"
    f" -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s"
)
_DEFAULTS: dict[str, str] = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


class Failure(StrEnum):
    """What to do about an error of the database."""

    RETRY = "retry"
    """The database cannot do it now: roll back, drop what was not committed, try again after a pause."""
    DATA = "data"
    """A value cannot be stored; the same statement will never succeed."""
    FENCED = "fenced"
    """Another owner has taken over."""
    FATAL = "fatal"
    """The program, the schema or the rights are wrong; waiting does not help."""


_DATA = {"22", "23", "54"}
_RETRY = {"08", "40", "53", "57", "58"}
_RETRY_CODES = {"25006", "25P03", "25P04", "55006", "55P03"}
_MISSING_PARTITION = "23514"


def classify(error: BaseException) -> Failure:
    """Judge an error by its type and SQLSTATE, never by its text. Every caller of the database asks this function.

    An error without SQLSTATE is a lost or refused connection (RETRY), or a value that the driver could not send: a NUL,
    a lone surrogate, a number or time out of range (DATA). A row without a partition to go to has the code of a failed
    check but is no fault of the row: RETRY, once the partition was made.
    """
    if isinstance(error, TelemetraError):
        if isinstance(error, Fenced):
            return Failure.FENCED
        return Failure.RETRY if isinstance(error, Unavailable) else Failure.FATAL
    if not isinstance(error, psycopg.Error):
        return Failure.DATA if isinstance(error, UnicodeError | OverflowError) else Failure.FATAL
    code = error.sqlstate
    if code is None:
        if isinstance(error, psycopg.DataError):
            return Failure.DATA
        return Failure.RETRY if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else Failure.FATAL
    if code == _MISSING_PARTITION and error.diag.constraint_name is None:
        return Failure.RETRY
    if code[:2] in _DATA:
        return Failure.DATA
    return Failure.RETRY if code[:2] in _RETRY or code in _RETRY_CODES else Failure.FATAL


def unavailable(error: BaseException) -> Unavailable:
    """The error to raise for a RETRY: one line that holds no statement and no value."""
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code == "53100":
        return Unavailable("the disk of the database is full", retry_after_seconds=5.0)
    if code is None:
        return Unavailable("the database cannot be reached")
    return Unavailable(f"the database cannot do this now (SQLSTATE {code})")


def instant(time_us: int | None) -> datetime | None:
    """Microseconds as a parameter for a timestamptz, exact."""
    return None if time_us is None else to_datetime(time_us)


def micros(time: datetime | None) -> int | None:
    """A timestamptz as microseconds, exact."""
    return None if time is None else to_microseconds(time)


def session_conninfo(conninfo: str, name: str) -> str:
    """`conninfo` (URL or key=value) with the session settings that all of Telemetra relies on; the user's own win,
    except the time zone."""
    settings: dict[str, Any] = _DEFAULTS | conninfo_to_dict(conninfo)
    settings["options"] = f"{_OPTIONS} {settings.get('options') or ''} -c timezone=UTC".strip()
    return make_conninfo(**settings | {"application_name": name[:63]})


async def _check(connection: AsyncConnection[Any]) -> None:
    """Before a connection is lent: an idle server has nothing to say, one that went away leaves a readable socket.

    So the usual case costs a poll (microseconds), not a round trip.
    """
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _widen(connection: AsyncConnection[Any]) -> None:
    """Let the kernel take a large COPY at once: by default a Unix socket holds some hundred rows, and PostgreSQL waits
    for the next ones until our event loop comes by again. (Buffers of TCP grow by themselves.)"""
    with socket.socket(fileno=os.dup(connection.fileno())) as own, contextlib.suppress(OSError):
        if own.family == socket.AF_UNIX:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


class Database:
    """A pool of connections that belongs to one event loop.

    `open` raises `Unavailable` when the server cannot be reached and `Fatal` when it refuses us. Inside `connection`
    and `transaction` every error that `classify` calls RETRY becomes `Unavailable` (its cause is kept); the others pass
    through for the caller to judge. After an error at the end of `transaction` the outcome is unknown.
    """

    def __init__(self, conninfo: str, *, min_size: int = 5, max_size: int = 20, name: str = "telemetra") -> None:
        self.conninfo = conninfo
        try:
            self._session = session_conninfo(conninfo, name)
        except psycopg.ProgrammingError as error:
            # Without libpq's own words: they repeat the address, and the password in it.
            raise Fatal("the address of the database is no valid PostgreSQL URL") from error
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            self._session,
            min_size=min_size,
            max_size=max_size,
            name=name,
            timeout=WAIT_SECONDS,
            max_waiting=50 * max_size,
            # As short as a caller waits: the pool's own pauses double, and after a long outage it would sleep on when
            # the server is back. Attempts begin anew with the next caller.
            reconnect_timeout=WAIT_SECONDS,
            check=_check,
            configure=_widen,
            kwargs={"autocommit": True},
            open=False,
        )

    async def open(self) -> None:
        try:
            # One attempt by hand: the pool would only say that it timed out, not why.
            async with await AsyncConnection.connect(self._session, autocommit=True) as connection:
                await connection.execute("SELECT 1")
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            # libpq gives no SQLSTATE for a failed connect; its ping tells a server that is away from one that refuses.
            ping = await asyncio.to_thread(PGconn.ping, self._session.encode())
            if ping in (Ping.NO_RESPONSE, Ping.REJECT):
                raise Unavailable(f"the database cannot be reached: {reason}") from error
            raise Fatal(f"the database refuses the connection: {reason}") from error
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection in autocommit mode, for this block alone."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            if classify(error) is Failure.RETRY:
                raise unavailable(error) from error
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection inside a transaction: committed when the block ends, rolled back when it raises."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch_all(self, query: Query, parameters: Parameters | None = None) -> list[Row]:
        async with self.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query, parameters)
            return await cursor.fetchall()

    async def fetch_one(self, query: Query, parameters: Parameters | None = None) -> Row | None:
        async with self.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query, parameters)
            return await cursor.fetchone()

    async def execute(self, query: Query, parameters: Parameters | None = None) -> int:
        """Run one statement; returns the number of rows it touched."""
        async with self.connection() as connection:
            cursor = await connection.execute(query, parameters)
            return cursor.rowcount
