"""Messages of venues for tests: files of one message, captures of what was received, and short views of readings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedFormat, FeedOptions, Reading
from telemetra.formats.feeds import make_format
from tests.support.shared import shared_data

NOW = 1_760_000_000_000_000


def make(name: str, **options: Any) -> FeedFormat:
    return make_format(name, FeedOptions(options.pop("exchange", name), **options))


def read(name: str, message: str | bytes | dict[str, Any] | list[Any], **options: Any) -> Reading:
    """What a new format makes of one message (JSON where it is neither text nor bytes)."""
    payload = message if isinstance(message, str | bytes) else json.dumps(message)
    return make(name, **options).read(payload, NOW)


def data(draft: Draft) -> dict[str, Any]:
    """The data as it will be stored."""
    decoded: dict[str, Any] = json.loads(msgspec.json.encode(draft.data))
    return decoded


def files(folder: str) -> dict[str, bytes]:
    """Contents by name of the JSON files of a folder of exchange messages."""
    return {path.stem: path.read_bytes() for path in sorted(shared_data("exchange", folder).glob("*.json"))}


def received(capture: str) -> Iterator[str]:
    """What a capture has received, over WebSocket or as an answer, in order."""
    path: Path = shared_data("exchange", "captures", capture)
    for line in path.read_text(encoding="utf-8").splitlines():
        head, separator, payload = line.partition(": ")
        if separator and " <- " not in head and "<->" not in head and not head.startswith("configuration"):
            yield payload


def binance_day(lines: int) -> list[str]:
    """The first messages of the recorded Binance stream."""
    path = shared_data("exchange", "binance-spot-btcusdt-2024-08-08.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.partition(" ")[2].rstrip("\n") for line, _ in zip(file, range(lines), strict=False)]
