"""The format that looks first: each message is read as what it is recognised as, and the first venue found is kept."""

from __future__ import annotations

import re

from telemetra.formats.binance import Binance
from telemetra.formats.feed import FeedFormat, FeedOptions, Reading
from telemetra.formats.feed_json import PARSER_ERRORS, Fields, read_fields, to_bytes
from telemetra.formats.generic import Generic
from telemetra.formats.okx import Okx
from telemetra.formats.twitch_chat import TwitchChat

_IRC = re.compile(rb"(?:@\S+ +)?(?::\S+ +)?(?:[A-Z]{3,10}|\d{3})(?: |\r|$)")
_OKX_EVENTS = frozenset(
    (b'"subscribe"', b'"unsubscribe"', b'"login"', b'"error"', b'"channel-conn-count"', b'"notice"')
)


class Auto:
    """A `FeedFormat`. What no venue is recognised in is read by the declared paths or the usual names."""

    def __init__(self, options: FeedOptions) -> None:
        self._venues: dict[str, FeedFormat] = {
            "okx": Okx(options),
            "binance": Binance(options),
            "twitch": TwitchChat(options),
        }
        self._generic = Generic(options)
        self._declared = bool(options.paths or options.rules)
        self._kept: FeedFormat | None = None

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        if self._declared:
            return self._generic.read(payload, received_at)
        if self._kept is not None:
            reading = self._kept.read(payload, received_at)
            if reading.control != "unknown":
                return reading
        body = to_bytes(payload)
        venue = _recognise(body)
        found = self._generic if venue is None else self._venues[venue]
        reading = found.read(payload, received_at)
        if venue is not None and reading.control != "unknown" and reading.drafts:
            self._kept = found
        return reading


def _recognise(body: bytes) -> str | None:
    if body[:1] == b"{":
        try:
            return _venue_of(read_fields(body))
        except PARSER_ERRORS:
            return None
    return "twitch" if body[:1] not in b"[{" and _IRC.match(body) else None


def _venue_of(fields: Fields) -> str | None:
    if "arg" in fields and ("data" in fields or "event" in fields):
        return "okx"
    if fields.get("event") is not None and bytes(fields["event"]) in _OKX_EVENTS and "code" in fields:
        return "okx"
    if "data" in fields and bytes(fields.get("code", b"")) == b'"0"':
        return "okx"
    if "stream" in fields and "data" in fields:
        return "binance"
    if "e" in fields and "E" in fields:
        return "binance"
    if {"u", "s", "b", "B", "a", "A"} <= fields.keys():
        return "binance"
    return None
