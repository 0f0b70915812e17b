"""The recorded day at its own speed, with the exchange's clock 1.27 s ahead of ours: six minutes, so no part of CI.

  python -m tests.support.market_day [--speed 1] [--cuts 10]

A venue on loopback plays the file as if it happened now and goes on over the disconnects; a Telemetra of its own reads
it, with back-fill; every minute is held against the plain reference.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.support.connectors import Connectors, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing
from tests.support.market_reference import binance_trades
from tests.support.market_rows import differences
from tests.support.shared import SHARED

FILE = SHARED / "data" / "exchange" / "binance-spot-btcusdt-2024-08-08.txt.gz"
STREAM = "binance:BTC-USDT"
SOCKET = "/stream?streams=btcusdt@trade/btcusdt@bookTicker"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.market_day")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--cuts", type=int, default=10)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="tlm-day-") as path, serving(Path(path)) as server:
        return run(Connectors(server.url), options.speed, options.cuts)


def run(connectors: Connectors, speed: float, cuts: int) -> int:
    trades = binance_trades(FILE)
    # Faster than life, event times would run into the future: only its own speed moves them to today.
    with playing(lambda: catalogue.make("binance", speed=speed, hold=False, today=speed == 1)) as feeds:
        frames = feeds.do(lambda venue: len(venue.player.frames))
        places = [round((number + 0.5) * frames / cuts) for number in range(cuts)]
        feeds.do(lambda venue: venue.player.at(places, venue.cut))
        connector_id = connectors.started(
            api_url=feeds.ws(SOCKET),
            exchange_name="binance",
            format="binance",
            backfill={
                "api_url": feeds.http("/api/v3/historicalTrades"),
                "query_params": {"symbol": "BTCUSDT", "fromId": "{from_id}", "limit": "1000"},
                "limit": 1000,
                "mapping": {"instrument": "BTC-USDT"},
            },
        )
        feeds.until_played(400 / speed)
        by_ms = feeds.do(lambda venue: venue.shift.by_ms if venue.shift else 0)
        moved = [replace(trade, at_ms=trade.at_ms + by_ms) for trade in trades]
        until(
            lambda: not differences(connectors.minutes(STREAM), moved),
            lambda: (differences(connectors.minutes(STREAM), moved), connectors.status(connector_id)),
            60,
        )
        status = connectors.status(connector_id)
        disconnects = len(feeds.record.of("websocket")) - 1
    ledger = connectors.ledger()
    print(f"{len(trades):,} trades in {len(connectors.minutes(STREAM))} minutes: all equal the reference")
    print(f"disconnects: {disconnects}; gaps: {len(status['gaps'])}; unfilled: {unfilled(status['gaps'])}")
    print(f"ledger: {ledger}")
    print(f"metrics of the connector: {status['performance_metrics']}")
    lost = ledger["late"] + ledger["rejected"] + ledger["dead"]
    return 1 if lost or len(status["gaps"]) != disconnects else 0


def unfilled(gaps: Sequence[dict[str, object]]) -> int:
    return sum(gap["filled_at"] is None for gap in gaps)


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
