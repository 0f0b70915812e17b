"""How a record of the log is written: its items as MessagePack, compressed by Zstandard."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import zstandard

from telemetra.model.event import LogItem

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[LogItem])


def encode(items: Sequence[LogItem]) -> bytes:
    # Contexts are not safe to share between threads and cheap to make beside the work they do.
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(items))


def decode(payload: bytes) -> list[LogItem]:
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(payload))
