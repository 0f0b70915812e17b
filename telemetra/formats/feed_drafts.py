"""Drafts of what venues send, the same for every format: ids, streams, numbers that fit the models, times."""

from __future__ import annotations

import re
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import msgspec

from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedOptions, TimeUnit
from telemetra.formats.instruments import LONGEST, canonical
from telemetra.kinds import amounts

DEFAULT_STREAM: Final = "{exchange}:{instrument}"
SIDES: Final = {"buy": "buy", "sell": "sell", "bid": "buy", "ask": "sell", "b": "buy", "s": "sell"}

_STREAM_ID_MAX = _ID_MAX = 200
_NO_STREAM_ID = re.compile(r"[^A-Za-z0-9._:@#-]")
_UNITS: Final = {"s": 1_000_000.0, "ms": 1000.0, "us": 1.0, "ns": 0.001}
_LATEST = 253_402_300_800_000_000  # the year 10000
_CACHED_STREAMS = 10_000


class BadNumber(Exception):
    """A number that the models do not take; says which and why."""


def is_amount(text: str) -> bool:
    """Whether the models take it as a price or size: 0 to 10^12 with at most 12 decimals."""
    return amounts.is_amount(text.encode())


def need_amount(name: str, text: str | None) -> str:
    """`text`. Raises `BadNumber` unless it is an amount."""
    if text is None or not is_amount(text):
        shown = "missing" if not text else text[:40]
        raise BadNumber(f"{name} is not from 0 to 10^12 with at most 12 decimals: {shown}")
    return text


def midpoint(bid: str | None, ask: str | None) -> str:
    """The exact middle of two prices. Raises `BadNumber` where one is missing or 0 (a side without offers)."""
    low, high = Decimal(need_amount("bid", bid)), Decimal(need_amount("ask", ask))
    if not low or not high:
        raise BadNumber("a side of the book is empty")
    return need_amount("mid", f"{(low + high) / 2:f}")


def source_time(value: int | float | str | Decimal | None, unit: TimeUnit = "ms") -> int | None:
    """Microseconds of a time as a number; None where it is none. A number too large for milliseconds is taken as
    microseconds or nanoseconds (venues offer both); `auto` tells seconds too, by size."""
    if value is None or value == "":
        return None
    try:
        number = (
            int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else Decimal(value)
        )
    except (ArithmeticError, ValueError, TypeError):
        return None
    if isinstance(number, Decimal) and not number.is_finite():
        return None
    if unit in {"auto", "ms"}:
        if number >= 10**17:
            unit = "ns"
        elif number >= 10**14:
            unit = "us"
        else:
            unit = "s" if unit == "auto" and number < 10**11 else "ms"
    if number >= 10**20 or number < 0:
        return None
    # Decimal keeps the microseconds of 1618678142.557535.
    micros = number // 1000 if unit == "ns" else int(number * int(_UNITS[unit]))
    return int(micros) if 0 <= micros < _LATEST else None


def content_id(payload: bytes, channel: str = "") -> str:
    """An id of a message without one: the same for the same content of the same channel."""
    return blake2b(payload, digest_size=9, key=channel.encode()[:64]).hexdigest()


class DraftWriter:
    """Makes the drafts of one connection. `options` gives the source and the template of stream ids."""

    def __init__(self, options: FeedOptions) -> None:
        self.exchange = options.exchange
        self._template = options.stream or DEFAULT_STREAM
        self._fixed = canonical(options.instrument) if options.instrument else None
        self._streams: dict[tuple[str | None, str, bool], str] = {}

    def instrument(self, name: str | None) -> str | None:
        """The canonical name of what the message calls `name`; the fixed instrument where it names none."""
        found = canonical(name) if name else self._fixed
        if found is not None and len(found) > LONGEST:
            raise BadNumber(f"the instrument's name is longer than {LONGEST} characters")
        return found

    def stream_id(self, instrument: str | None, channel: str, *, market: bool) -> str:
        """Trades and tickers share their instrument's stream; all else has one beside it, of another kind."""
        key = (instrument, channel, market)
        found = self._streams.get(key)
        if found is None:
            base = self._template.replace("{exchange}", self.exchange).replace("{channel}", channel)
            base = base.replace("{instrument}", instrument or "").strip(":.-_")
            text = base if market else f"{base[: _STREAM_ID_MAX - 60]}@{channel[:59] or 'message'}"
            if len(self._streams) >= _CACHED_STREAMS:
                self._streams.clear()
            found = self._streams[key] = _NO_STREAM_ID.sub("_", text)[:_STREAM_ID_MAX]
        return found

    def trade(
        self,
        instrument: str,
        event_id: str,
        time: int | None,
        price: str,
        size: str | None,
        side: str | None,
        trade_id: str | None,
        message_type: str,
        raw: msgspec.Raw,
    ) -> Draft:
        """Raises `BadNumber`."""
        if len(event_id) > _ID_MAX or (trade_id is not None and len(trade_id) > _ID_MAX):
            raise BadNumber(f"the trade's id is longer than {_ID_MAX} characters")
        data: dict[str, Any] = {"price": need_amount("price", price)}
        if size is not None:
            data["size"] = need_amount("size", size)
        if side is not None:
            data["side"] = side
        if trade_id is not None:
            data["trade_id"] = trade_id
        return self._market("market.trade", data, instrument, event_id, time, message_type, raw)

    def ticker(
        self,
        instrument: str,
        event_id: str,
        time: int | None,
        last: str | None,
        bid: str | None,
        ask: str | None,
        volume: str | None,
        message_type: str,
        raw: msgspec.Raw,
    ) -> Draft:
        """Without `last` it is a quote, and the middle of bid and ask stands in. Raises `BadNumber`."""
        data: dict[str, Any] = {}
        if last:
            data["last"] = need_amount("last", last)
        else:
            data["last"], data["mid"] = midpoint(bid, ask), True
        for name, value in (("bid", bid), ("ask", ask), ("volume_24h", volume)):
            if value and is_amount(value):
                data[name] = value
        return self._market("market.ticker", data, instrument, event_id, time, message_type, raw)

    def message(
        self,
        instrument: str | None,
        channel: str,
        event_id: str,
        time: int | None,
        price: str | None,
        message_type: str,
        payload: msgspec.Raw | str,
    ) -> Draft:
        """What is neither trade nor ticker. The payload is the received item."""
        data: dict[str, Any] = {"exchange": self.exchange, "message_type": message_type[:100], "payload": payload}
        if instrument is not None:
            data["instrument"] = instrument
        if price and is_amount(price):
            data["price"] = price
        stream_id = self.stream_id(instrument, channel, market=False)
        return Draft(event_id, "connector.message", stream_id, time, data, self.exchange)

    def _market(
        self,
        type: str,
        data: dict[str, Any],
        instrument: str,
        event_id: str,
        time: int | None,
        message_type: str,
        raw: msgspec.Raw,
    ) -> Draft:
        data["exchange"], data["instrument"] = self.exchange, instrument
        data["message_type"], data["raw"] = message_type, raw
        stream_id = self.stream_id(instrument, message_type, market=True)
        return Draft(event_id, type, stream_id, time, data, self.exchange)
