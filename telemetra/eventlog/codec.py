"""How a record of the log is written: its items as MessagePack, compressed by Zstandard."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import zstandard

from telemetra.model.event import Event, LogItem, Rejection, Run, in_runs

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Run | Rejection | Event])


def encode(items: Sequence[LogItem]) -> bytes:
    # Contexts are not safe to share between threads and cheap to make beside the work they do.
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(items))


def decode(payload: bytes) -> list[LogItem]:
    items = _decoder.decode(zstandard.ZstdDecompressor().decompress(payload))
    if any(type(item) is Event for item in items):
        # Old records hold each event for itself.
        return in_runs(items)  # type: ignore[arg-type]
    return items  # type: ignore[return-value]
