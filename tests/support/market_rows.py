"""Minute rows of a market as the API answers them, against the plain reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.support.market_reference import MINUTE_MS, Trade, minutes

EXACT = ("open", "high", "low", "close", "volume")
VWAP_STEP = Decimal("0.000000000001")
"""Prices have twelve decimals at most; a mean is rounded to them."""


def differences(rows: Sequence[dict[str, Any]], trades: Iterable[Trade]) -> list[str]:
    """What differs, in words; rows without a trade are left out."""
    expected = {minute.start_ms + MINUTE_MS: minute for minute in minutes(trades)}
    found = {_milliseconds(row["timestamp"]): row for row in rows if row["trade_count"]}
    told = [f"{end}: no row" for end in expected.keys() - found.keys()]
    told += [f"{end}: unexpected row" for end in found.keys() - expected.keys()]
    for end in sorted(expected.keys() & found.keys()):
        minute, row = expected[end], found[end]
        told += [
            f"{row['timestamp']} {name}: {row[name]} instead of {getattr(minute, name)}"
            for name in EXACT
            if Decimal(row[name]) != getattr(minute, name)
        ]
        if abs(Decimal(row["vwap"]) - minute.vwap) > VWAP_STEP / 2:
            told.append(f"{row['timestamp']} vwap: {row['vwap']} instead of {minute.vwap}")
        if row["trade_count"] != minute.trades:
            told.append(f"{row['timestamp']} trade_count: {row['trade_count']} instead of {minute.trades}")
    return told


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
