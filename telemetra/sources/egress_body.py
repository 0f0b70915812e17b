"""Reads the body of an answer within a limit that holds for what is received and for what it unpacks to."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

from telemetra.errors import Unavailable

ACCEPT_ENCODING = "gzip"
_GZIP = 16 + zlib.MAX_WBITS


async def read_body(chunks: AsyncIterable[bytes], headers: dict[str, str], max_bytes: int) -> bytes:
    """Raises `Unavailable` when the body is larger, packed in a way that was not asked for, or damaged."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip", ""}:
        raise Unavailable("the answer has a Content-Encoding that was not asked for")
    unpacker = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
    body, received = bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        # One byte more than allowed tells that there is more; nothing beyond it is ever unpacked.
        body += chunk if unpacker is None else _unpack(unpacker, chunk, max_bytes + 1 - len(body))
        if max(received, len(body)) > max_bytes:
            raise _too_large(max_bytes)
    if unpacker is not None and received and not unpacker.eof:
        raise Unavailable("the answer's gzip body ends too early")
    return bytes(body)


def _unpack(unpacker: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        unpacked = unpacker.decompress(chunk, room)
    except zlib.error:
        raise Unavailable("the answer's gzip body is damaged") from None
    if unpacker.unused_data:
        raise Unavailable("the answer's gzip body goes on after its end")
    return unpacked


def _too_large(max_bytes: int) -> Unavailable:
    return Unavailable(f"the answer is larger than {max_bytes:,} bytes")
