"""Reading request bodies within bounds: of each, of all at a time, and of time."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request

from telemetra.errors import Invalid, Overloaded

READ_SECONDS = 60.0
_GZIP = 16 + zlib.MAX_WBITS


class BodyReader:
    """Reads bodies of at most `max_body_bytes`, whatever their encoding says; `max_total_bytes` bounds all being read.

    A length that is announced is believed only to refuse early. A body that is sent compressed counts as it is once
    unpacked, and is never unpacked beyond the limit.
    """

    def __init__(self, max_body_bytes: int, max_total_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_total_bytes = max_total_bytes
        self._total_bytes = 0

    async def read(self, request: Request) -> bytes:
        """The body, unpacked. Raises `Overloaded`, or `Invalid` when it is too large or not encoded as it says."""
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > self._max_body_bytes:
            raise self._too_large()
        unpacker = _unpacker(request.headers.get("content-encoding", "identity").strip().lower())
        body = bytearray()
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    part = unpacker.feed(chunk, self._max_body_bytes - len(body))
                    self._total_bytes += len(part)
                    body += part
                    if len(body) > self._max_body_bytes:
                        raise self._too_large()
                    if self._total_bytes > self._max_total_bytes:
                        raise Overloaded("too many request bodies at a time")
            unpacker.end()
            return bytes(body)
        except TimeoutError:
            raise HTTPException(408) from None
        finally:
            self._total_bytes -= len(body)

    def _too_large(self) -> Invalid:
        return Invalid(f"The body is larger than {self._max_body_bytes} bytes.", code="body_too_large")


class _Unpacker(Protocol):
    def feed(self, chunk: bytes, room: int) -> bytes:
        """The plain bytes of a chunk, at most one more than there is room for."""

    def end(self) -> None:
        """Called after the last chunk."""


class _Plain:
    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk

    def end(self) -> None:
        pass


class _Gunzip:
    """One gzip member."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    def feed(self, chunk: bytes, room: int) -> bytes:
        try:
            part = self._stream.decompress(chunk, room + 1)
        except zlib.error:
            raise _no_gzip() from None
        if self._stream.unused_data:
            raise _no_gzip()
        return part

    def end(self) -> None:
        if not self._stream.eof:
            raise _no_gzip()


def _unpacker(encoding: str) -> _Unpacker:
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip"):
        return _Gunzip()
    raise Invalid(f"Content-Encoding {encoding[:40]!r}: send gzip or none.", code="unsupported_media_type")


def _no_gzip() -> Invalid:
    return Invalid("The body is no complete gzip stream.", code="invalid_encoding")
