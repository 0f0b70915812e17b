"""Values in JSON of an unknown shape: exact numbers, times, and what the usual names say where no path is declared."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import msgspec

from telemetra.formats.feed import TimeUnit
from telemetra.formats.feed_drafts import source_time

NAMES: Final[Mapping[str, str]] = {
    "instrument": "instrument symbol pair instId instrument_id instrument_name product_id currency_pair sym s",
    "price": "price last lastPrice last_price px c close p",
    "size": "size qty quantity sz amount q",
    "side": "side takerSide taker_side direction",
    "trade_id": "trade_id tradeId tradeID tid",
    "bid": "bid best_bid bestBid bidPx bidPrice bid_price",
    "ask": "ask best_ask bestAsk askPx askPrice ask_price",
    "volume": "volume_24h volume24h vol24h",
    "timestamp": "timestamp ts time event_time datetime date T E",
    "message_type": "type event message_type channel topic e",
}
"""The usual names of a field, the surest first."""

DEPTH: Final = 5
_MOST_NODES = 2000
_EXPONENT_MAX = 40
_INSTRUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/:@#-]{0,99}")
_NUMBER = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_FIELD_OF: Final = {name: (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names.split())}
_encoder = msgspec.json.Encoder(decimal_format="number")


def load(body: bytes) -> Any:
    """JSON with exact numbers (int, or Decimal). Raises ValueError or RecursionError."""
    return _decoder.decode(body.decode())


def dump(value: Any) -> msgspec.Raw:
    """JSON of a value that `load` gave. Raises ValueError, RecursionError, OverflowError or TypeError."""
    return msgspec.Raw(_encoder.encode(value))


def text(value: Any, longest: int = 200) -> str | None:
    """A string or number as text that can be stored; None for anything else and for nothing."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()[:longest] or None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    return number(value)


def number(value: Any) -> str | None:
    """A number, or a string of one, in plain decimal digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        if "e" not in value and "E" not in value:
            return value
        value = Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _EXPONENT_MAX:
        return f"{value:f}"
    return None


def time(value: Any, unit: TimeUnit) -> int | None:
    """Microseconds of a number (in `unit`) or an ISO 8601 text (without offset: UTC); None where it is none."""
    digits = number(value)
    if digits is not None:
        return source_time(digits, unit)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    try:
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return None
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return micros if micros >= 0 else None


def guess(item: Any) -> dict[str, Any]:
    """The fields that the usual names give: the shallowest, then the surest, down to five levels."""
    found: dict[str, tuple[int, int, Any]] = {}
    waiting: deque[tuple[int, Any]] = deque([(1, item)])
    nodes = 0
    while waiting and nodes < _MOST_NODES:
        depth, value = waiting.popleft()
        members = value.items() if isinstance(value, dict) else ((None, inner) for inner in value[:_MOST_NODES])
        for name, inner in members:
            nodes += 1
            if isinstance(inner, dict | list):
                if depth < DEPTH:
                    waiting.append((depth + 1, inner))
                continue
            known = _FIELD_OF.get(name) if name is not None else None
            if known is None or not _fits(known[0], inner):
                continue
            field, rank = known
            best = found.get(field)
            if best is None or (depth, rank) < best[:2]:
                found[field] = (depth, rank, inner)
    return {field: value for field, (_, _, value) in found.items()}


def _fits(field: str, value: Any) -> bool:
    if field == "instrument":
        return isinstance(value, str) and _INSTRUMENT.fullmatch(value) is not None and number(value) is None
    if field in {"message_type", "side"}:
        return isinstance(value, str) and bool(value)
    if field in {"timestamp", "trade_id"}:
        return isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    return number(value) is not None


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 19 else _decimal(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise ValueError("a number of no use") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant)
