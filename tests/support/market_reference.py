"""What each minute of trades has to be: by the plainest means, in Decimal, with no code of the product."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path

MINUTE_MS = 60_000
VWAP_DIGITS = 40


@dataclass(frozen=True)
class Trade:
    trade_id: int
    price: Decimal
    size: Decimal
    at_ms: int


@dataclass(frozen=True)
class Minute:
    """`start_ms`: inclusive, since the epoch. Trades are in the order of their ids, which is the exchange's order."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    trades: int

    @property
    def vwap(self) -> Decimal:
        with localcontext(prec=VWAP_DIGITS):
            return self.turnover / self.volume


def minutes(trades: Iterable[Trade]) -> list[Minute]:
    by_minute: dict[int, list[Trade]] = {}
    for trade in sorted(trades, key=lambda trade: trade.trade_id):
        by_minute.setdefault(trade.at_ms // MINUTE_MS * MINUTE_MS, []).append(trade)
    return [_minute(start, group) for start, group in sorted(by_minute.items())]


def _minute(start_ms: int, trades: list[Trade]) -> Minute:
    prices = [trade.price for trade in trades]
    with localcontext(prec=VWAP_DIGITS):
        volume = sum((trade.size for trade in trades), Decimal(0))
        turnover = sum((trade.price * trade.size for trade in trades), Decimal(0))
    return Minute(start_ms, prices[0], max(prices), min(prices), prices[-1], volume, turnover, len(trades))


def binance_trades(path: Path) -> list[Trade]:
    """The trades of the recorded file, each once."""
    trades: dict[int, Trade] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line.partition(" ")[2], parse_float=Decimal)
            if message.get("stream", "").endswith("@trade"):
                item = message["data"]
                trades[item["t"]] = Trade(item["t"], Decimal(item["p"]), Decimal(item["q"]), item["T"])
    return list(trades.values())
