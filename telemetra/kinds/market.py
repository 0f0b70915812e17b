"""The kind `market`: instruments with trades and tickers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from telemetra.engine.measures import Count
from telemetra.engine.measures_price import Mean, Prices, Traded
from telemetra.kinds.amounts import (
    AMOUNT_NEEDS,
    AMOUNT_SCHEMA,
    OPTIONAL_AMOUNT_SCHEMA,
    absent,
    is_amount,
    is_given,
    scaled_amount,
)
from telemetra.kinds.base import EVENT_COUNT, Cause, EventType, Kind, Metric, Series, Situation

Amount = Annotated[msgspec.Raw, AMOUNT_SCHEMA]
"""Raw JSON text: numbers and strings are both exact decimals (kinds/amounts.py)."""

OptionalAmount = Annotated[msgspec.Raw, OPTIONAL_AMOUNT_SCHEMA]

Name = Annotated[str, msgspec.Meta(max_length=200)]

TRADE, TICKER, QUOTE = "market.trade", "market.ticker", "market.quote"
BASES = ("trades", "tickers", "quotes")

LONGEST_NUMBER = 20

_SIDED = 0.65
"""From this share of one side on, the volume is said to be bought or sold."""

_HEAVY = 2.0
"""From so many times the usual volume on it is told with a move of the price."""


class Trade(msgspec.Struct, gc=False):
    """What connectors add: the received item as `raw`, and where it came from."""

    price: Amount
    size: OptionalAmount = msgspec.field(default_factory=absent)
    side: Literal["buy", "sell"] | None = None
    trade_id: Name | None = None
    exchange: Name | None = None
    instrument: Name | None = None
    message_type: Name | None = None
    raw: msgspec.Raw = msgspec.field(default_factory=absent)


class Ticker(msgspec.Struct, gc=False):
    """`mid`: there was no trade; `last` is the middle of bid and ask."""

    last: Amount
    bid: OptionalAmount = msgspec.field(default_factory=absent)
    ask: OptionalAmount = msgspec.field(default_factory=absent)
    volume_24h: OptionalAmount = msgspec.field(default_factory=absent)
    mid: bool = False
    exchange: Name | None = None
    instrument: Name | None = None
    message_type: Name | None = None
    raw: msgspec.Raw = msgspec.field(default_factory=absent)


def build(currency: str) -> Kind:
    """The declaration; prices are in whatever the instrument is quoted in."""
    types = (
        EventType(TRADE, Trade, check=_check("price", "size")),
        EventType(TICKER, Ticker, check=_check("last", "bid", "ask", "volume_24h"), lane=_ticker_lane),
    )
    return Kind(
        name="market",
        table="market_summary_minute",
        types={declared.name: declared for declared in types},
        measures=(
            Count("events", (TRADE, TICKER, QUOTE), EVENT_COUNT),
            Prices("prices", (TRADE, TICKER, QUOTE), BASES, _basis, _price, _number),
            Traded("traded", TRADE, _trade),
            Mean("spread", (TICKER, QUOTE), _spread),
        ),
        series=(
            Series(
                "price",
                "close",
                False,
                lambda values: None if values["close"] is None else float(values["close"]),
                up="price_spike",
                down="price_spike",
                spread=0.003,
                step=0.0,
            ),
            Series(
                "volume",
                "volume",
                True,
                lambda values: values["volume_number"],
                up="volume_spike",
                unit="units",
                spread=4.0,  # volumes have heavy tails: several times the usual is nothing unusual
                step=0.0,
            ),
        ),
        primary="price",
        present=_present,
        facts=("volume_number", "bought_number", "sided_number"),
        explain=explain,
        metrics=(
            Metric("close", "Price", "price", draw="line", headline=True),
            Metric("trade_rate", "Trades", "rate", "trades/min", draw="line", headline=True),
            Metric("volume", "Volume", "count", "units", draw="bars", headline=True),
            Metric("vwap", "Average price", "price"),
            Metric("spread", "Spread", "price"),
        ),
        line="close",
    )


def _check(required: str, *optional: str) -> Any:
    def check(data: Any) -> tuple[str, str] | None:
        for name in (required, *optional):
            value = getattr(data, name)
            if (name == required or is_given(value)) and not is_amount(bytes(value)):
                return name, AMOUNT_NEEDS
        return None

    return check


def _ticker_lane(stream_id: str, data: Ticker) -> str:
    return QUOTE if data.mid else TICKER


def _basis(data: Trade | Ticker) -> int:
    if isinstance(data, Trade):
        return 0
    return 2 if data.mid else 1


def _price(data: Trade | Ticker) -> int:
    return scaled_amount(bytes(data.price if isinstance(data, Trade) else data.last))


def _number(data: Trade | Ticker) -> int:
    """Where the venue numbers its trades, they tell which of two of one millisecond came first."""
    found = data.trade_id if isinstance(data, Trade) else None
    return int(found) if found and len(found) < LONGEST_NUMBER and found.isascii() and found.isdigit() else 0


def _optional(value: msgspec.Raw) -> int | None:
    return scaled_amount(bytes(value)) if is_given(value) else None


def _trade(data: Trade) -> tuple[int, int | None, bool | None]:
    return scaled_amount(bytes(data.price)), _optional(data.size), None if data.side is None else data.side == "buy"


def _spread(data: Ticker) -> int | None:
    bid, ask = _optional(data.bid), _optional(data.ask)
    return None if bid is None or ask is None else ask - bid


def _present(values: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    opened, closed = values["open"], values["close"]
    numbers = ("open", "high", "low", "close", "last", "volume", "buy_volume", "vwap", "spread")
    return {
        **{name: None if values[name] is None else f"{values[name]:f}" for name in numbers},
        "price_basis": values["price_basis"],
        "price_change_percent": float((closed - opened) / opened * 100) if opened else None,
        "trade_count": values["trade_count"],
        "trade_rate": values["trade_count"] * 60 / seconds,
    }


def explain(situation: Situation) -> Cause:
    """Who moved it: buyers or sellers, and on how much volume."""
    facts, usual = situation.facts, situation.usual
    sided, bought = facts.get("sided_number", 0.0), facts.get("bought_number", 0.0)
    told: dict[str, Any] = {}
    parts = []
    expected = usual.get("volume_number", 0.0) * situation.hops
    heavy = facts.get("volume_number", 0.0) / expected if expected > 0 else 0.0
    if expected > 0:
        told["volume_ratio"] = round(heavy, 2)
        if heavy >= _HEAVY and situation.moment_type != "volume_spike":
            parts.append(f"on {heavy:.1f} times the usual volume")
    if not sided:
        return Cause("unknown", 0.0, told, ", ".join(parts))
    share = bought / sided
    told["buy_share"] = round(share, 3)
    if max(share, 1 - share) < _SIDED:
        return Cause("unknown", 0.0, told, ", ".join(parts))
    name, side = ("buying", share) if share >= _SIDED else ("selling", 1 - share)
    whole = "it" if parts or situation.moment_type == "volume_spike" else "the volume"
    parts.append(f"{side:.0%} of {whole} {'bought' if name == 'buying' else 'sold'}")
    return Cause(name, round(min(1.0, (side - 0.5) * 2), 3), told, ", ".join(parts))
