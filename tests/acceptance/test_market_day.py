"""A recorded day of an exchange through the real program: every minute against a plain reference, over disconnects.

Two ways in which a venue makes good what a disconnect loses: it sends the last messages again to whoever comes back
(and stands still meanwhile), or it goes on and its REST API tells what was missed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.connectors import Connectors, rows, serving, until
from tests.support.feeds import catalogue
from tests.support.feeds.frames import read_binance
from tests.support.feeds.thread import Feeds, playing
from tests.support.market_reference import Trade, binance_trades
from tests.support.market_rows import differences
from tests.support.process import Telemetra
from tests.support.shared import shared_data

STREAM = "binance:BTC-USDT"
TRADES = 9_757
PART = 20_000
"""Frames; the rest of the day is no different."""
RESENT = 3_000
"""More than is under way to a slow reader when it is cut off: what is not sent again is lost to it."""
QUIET_SECONDS = 120
"""Longer than the test: the end of the recording is no silence to be mended."""
CUTS = tuple(range(2_000, 38_000, 3_700))
PART_CUTS = CUTS[:4]
"""Long before the end: what a disconnect has cost is noticed with the first message after it."""
SOCKET = "/stream?streams=btcusdt@trade/btcusdt@depth@100ms"
"""Without the quotes: Binance gives them no time, so that they would be of today among trades of 2024."""


@pytest.fixture(scope="module")
def day() -> Path:
    return shared_data("exchange", "binance-spot-btcusdt-2024-08-08.txt.gz")


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Telemetra]:
    with serving(tmp_path, database_url, CONNECTOR_HEALTHY_SECONDS="0.5") as server:
        yield server


@pytest.mark.timeout(180)
def test_ten_disconnects_lose_and_double_nothing(server: Telemetra, database_url: str, day: Path) -> None:
    connectors = Connectors(server.url)
    with playing(lambda: catalogue.make("binance", speed=20)) as feeds:
        feeds.command("set", resend=RESENT)
        feeds.do(lambda venue: venue.player.at(CUTS, venue.cut))
        connector_id = connectors.started(
            api_url=feeds.ws(SOCKET), exchange_name="binance", format="binance", stale_after=QUIET_SECONDS
        )
        feeds.until_played(120)
        until_all_stored(connectors, connector_id, feeds, TRADES)
        connectors.stop(connector_id)
        connectors.until(connector_id, lambda status: status["status"] == "stopped")
        connects = len(feeds.record.of("websocket"))
    assert connects == len(CUTS) + 1
    check(connectors, connector_id, database_url, binance_trades(day))
    gaps = rows(database_url, 'SELECT * FROM gaps WHERE connector_id = %s ORDER BY "from"', (connector_id,))
    assert len(gaps) == len(CUTS), [(str(gap["from"]), str(gap["to"]), gap["reason"], gap["missing"]) for gap in gaps]
    assert all(gap["to"] is not None for gap in gaps)


@pytest.mark.timeout(180)
def test_a_venue_that_goes_on_is_asked_for_what_was_missed(server: Telemetra, database_url: str, day: Path) -> None:
    connectors = Connectors(server.url)
    last = last_trade(day, PART)
    part = [trade for trade in binance_trades(day) if trade.trade_id <= last]
    with playing(lambda: catalogue.make("binance", speed=20, hold=False, frames=PART)) as feeds:
        feeds.do(lambda venue: venue.player.at(PART_CUTS, venue.cut))
        connector_id = connectors.started(
            api_url=feeds.ws("/ws/btcusdt@trade"),
            exchange_name="binance",
            format="binance",
            stale_after=QUIET_SECONDS,
            backfill={
                "api_url": feeds.http("/api/v3/historicalTrades"),
                "query_params": {"symbol": "BTCUSDT", "fromId": "{from_id}", "limit": "1000"},
                "limit": 1000,
                "mapping": {"instrument": "BTC-USDT"},
            },
        )
        feeds.until_played(120)
        until_all_stored(connectors, connector_id, feeds, len(part))
        connectors.stop(connector_id)
        connectors.until(connector_id, lambda status: status["status"] == "stopped")
        disconnects = len(feeds.record.of("websocket")) - 1
        asked = len(feeds.record.of("http"))
    assert asked > 0
    check(connectors, connector_id, database_url, part)
    gaps = rows(database_url, 'SELECT * FROM gaps WHERE connector_id = %s ORDER BY "from"', (connector_id,))
    # A gap lasts until data comes again, whatever happens meanwhile.
    assert len(PART_CUTS) // 2 <= len(gaps) <= disconnects, gaps
    assert all(gap["filled_at"] is not None for gap in gaps), gaps
    assert not any(row["suspect"] for row in connectors.minutes(STREAM))


def last_trade(day: Path, frames: int) -> int:
    """The highest number among the first frames."""
    found = [frame.text for frame in read_binance(day).frames[:frames] if "@trade" in frame.text[:60]]
    number: int = json.loads(found[-1])["data"]["t"]
    return number


def until_all_stored(connectors: Connectors, connector_id: str, feeds: Feeds, trades: int) -> None:
    """The last minute is written once the stream has been silent for ten seconds."""

    def written() -> bool:
        minutes = connectors.minutes(STREAM)
        return len(minutes) > 0 and sum(row["trade_count"] for row in minutes) >= trades

    until(written, lambda: (connectors.minutes(STREAM), connectors.status(connector_id), feeds.position), 60)


def check(connectors: Connectors, connector_id: str, database_url: str, trades: list[Trade]) -> None:
    """Every minute exactly, every trade once, nothing late and nothing refused."""
    assert differences(connectors.minutes(STREAM), trades) == []
    stored = rows(
        database_url,
        "SELECT event_id, disposition FROM events WHERE connector_id = %s AND type = 'market.trade'",
        (connector_id,),
    )
    assert len(stored) == len({row["event_id"] for row in stored}) == len(trades)
    assert Counter(row["disposition"] for row in stored) == {"counted": len(trades)}
    ledger = connectors.ledger()
    assert ledger["late"] == ledger["rejected"] == ledger["dead"] == 0, ledger
    assert ledger["received"] == ledger["counted"] + ledger["duplicate"]
