"""The presets of Coinbase and Kraken as they are, against a venue that speaks as theirs is documented to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.connectors import Connectors, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing

INSTRUMENT = "BTC-USD"
COINBASE = [("87000.01", "0.01"), ("87010.5", "0.25"), ("86990", "1.00000001")], [("86980.25", "0.5"), ("87100.1", "2")]
KRAKEN = (
    [("87000.1", "0.01"), ("87010.5", "0.25000001"), ("86990", "1.00000001")],
    [("86980.2", "0.5"), ("87100.1", "2")],
)
"""Price and size of the trades of both minutes, read from the recordings by eye."""
SIDES = {"coinbase": ["buy", "buy", "sell", "sell", "buy"], "kraken": ["buy", "sell", "sell", "buy", "buy"]}


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connectors]:
    with serving(Path(tmp_path_factory.mktemp("presets"))) as server:
        yield Connectors(server.url)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("preset", "recording", "parameter", "minutes", "acks"),
    [("coinbase", "coinbase-documented", "BTC-USD", COINBASE, 1), ("kraken", "kraken-v2", "XBT/USD", KRAKEN, 3)],
)
def test_rows_are_right(
    connectors: Connectors, preset: str, recording: str, parameter: str, minutes: Any, acks: int
) -> None:
    with playing(lambda: catalogue.make(recording, speed=10)) as feeds:
        url = feeds.ws(catalogue.PATHS[recording])
        connector_id = connectors.started(preset=preset, parameters={"instrument": parameter}, api_url=url)
        feeds.until_played()
        stream = f"{preset}:{INSTRUMENT}"

        def traded() -> list[dict[str, Any]]:
            return [row for row in connectors.minutes(stream) if row["trade_count"]]

        until(lambda: len(traded()) == 2, lambda: connectors.status(connector_id))
        for row, trades in zip(traded(), minutes, strict=True):
            prices = [Decimal(price) for price, _ in trades]
            sizes = [Decimal(size) for _, size in trades]
            shown = [Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")]
            assert shown == [prices[0], max(prices), min(prices), prices[-1], sum(sizes)]
            vwap = sum(price * size for price, size in zip(prices, sizes, strict=True)) / sum(sizes)
            assert abs(Decimal(row["vwap"]) - vwap) < Decimal("1e-11")
            assert row["trade_count"] == len(trades)
        status = connectors.until(connector_id, lambda status: status["performance_metrics"].get("events", 0) >= 6)
        assert (status["status"], status["gaps"], status["error_log"]) == ("running", [], [])
        measured = status["performance_metrics"]
        assert measured["no_data"]["ack"] == acks
        assert not measured["no_data"].get("unknown"), measured["first_unknown"]
        found = connectors.get(f"/api/connectors/{connector_id}/data", sort_by="id", sort_order="asc")["data"]
        trades = [row for row in found if row["data"].get("trade_id")]
        assert [row["data"]["trade_id"] for row in trades] == [str(number) for number in range(901, 906)]
        assert [row["data"]["side"] for row in trades] == SIDES[preset]
        assert {row["instrument"] for row in found} == {INSTRUMENT}
        (ticker,) = [row["data"] for row in found if not row["data"].get("trade_id")]
        bid, ask = ("87010.49", "87010.51") if preset == "coinbase" else ("87010.4", "87010.6")
        assert [Decimal(ticker[name]) for name in ("last", "bid", "ask")] == [
            Decimal("87010.5"),
            Decimal(bid),
            Decimal(ask),
        ]
        assert Decimal(ticker["volume_24h"]) == Decimal("5000.12345678")
        connectors.stop(connector_id)
