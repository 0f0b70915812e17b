"""A client that costs little: bodies made beforehand, raw HTTP/1.1 over a few connections that stay open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Any

HOST = "127.0.0.1"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
_ACCEPTED = re.compile(rb'"accepted": *(\d+)')


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: Any = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if separator and self._answer and (length is None or len(rest) >= int(length[1])):
            self._answer.set_result(self._received)
            self._received, self._answer = b"", None

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))

    async def post(self, path: str, body: bytes) -> int:
        """Send until it is taken, as the server's Retry-After says; returns the number of events accepted."""
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode()
        while True:
            answer = await self._exchange(request, body)
            if answer.startswith(b"HTTP/1.1 202"):
                accepted = _ACCEPTED.search(answer)
                assert accepted is not None, answer
                return int(accepted[1])
            wait = _RETRY_AFTER.search(answer)
            if wait is None:
                raise SystemExit(f"the server refused: {answer[:1000]!r}")
            await asyncio.sleep(int(wait[1]))

    def close(self) -> None:
        self._transport.close()

    async def _exchange(self, head: bytes, body: bytes) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.writelines((head, body))
        return await self._answer


async def send(port: int, bodies: Iterable[bytes], connections: int, path: str = "/api/v1/events") -> int:
    """Post all bodies; returns the number of events accepted."""
    queue = iter(bodies)
    opened = [await Connection.open(port) for _ in range(connections)]
    try:
        return sum(await asyncio.gather(*(_drain(connection, path, queue) for connection in opened)))
    finally:
        for connection in opened:
            connection.close()


async def _drain(connection: Connection, path: str, queue: Iterator[bytes]) -> int:
    return sum([await connection.post(path, body) for body in queue])
