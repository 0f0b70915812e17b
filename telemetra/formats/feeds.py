"""The formats of received messages by name: the table that the runner and the settings of a connector know."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from telemetra.errors import Invalid
from telemetra.formats.auto import Auto
from telemetra.formats.binance import Binance
from telemetra.formats.feed import FeedFormat, FeedOptions
from telemetra.formats.generic import Csv, Generic, Text
from telemetra.formats.okx import Okx
from telemetra.formats.twitch_chat import TwitchChat

FORMATS: Final[Mapping[str, Callable[[FeedOptions], FeedFormat]]] = {
    "auto": Auto,
    "okx": Okx,
    "binance": Binance,
    "twitch": TwitchChat,
    "generic": Generic,
    "csv": Csv,
    "text": Text,
}

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACES: Final = frozenset(("exchange", "instrument", "channel"))
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")


def make_format(name: str, options: FeedOptions) -> FeedFormat:
    """The format `name` for one connection. Raises `Invalid` naming the field: `format`, `exchange_name`,
    `mapping.stream`, `mapping.paths.price`."""
    build = FORMATS.get(name)
    if build is None:
        detail = f"format: {name[:60]!r} is none of {', '.join(FORMATS)}"
        raise Invalid(detail, code="invalid_field", field="format")
    if not _NAME.fullmatch(options.exchange):
        detail = "exchange_name: needs 1 to 50 lower-case letters, digits and . _ -"
        raise Invalid(detail, code="invalid_field", field="exchange_name")
    for place in _PLACEHOLDER.findall(options.stream or ""):
        if place not in _PLACES:
            detail = f"mapping.stream: {{{place[:40]}}} is none of {', '.join(sorted(_PLACES))}"
            raise Invalid(detail, code="invalid_field", field="mapping.stream")
    return build(options)
