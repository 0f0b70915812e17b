"""A process that is killed while it fetches what a gap has lost: the next one fetches it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.support.connectors import Connectors, serving
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.http import Asked, Told
from tests.support.feeds.server import FeedServer
from tests.support.feeds.synthetic import trade
from tests.support.feeds.thread import playing
from tests.support.feeds.venues import Plain

PER_SECOND = 20


def history(asked: Asked, server: FeedServer) -> Told | None:
    """What was played, from an id on: up to 1,000 trades, oldest first."""
    first = int(asked.query.get("fromId", "0"))
    said = [json.loads(frame.text) for frame in server.frames_played]
    trades = [
        {"id": one["t"], "price": one["p"], "qty": one["q"], "time": one["T"], "isBuyerMaker": one["m"]} for one in said
    ]
    return Told.json([trade for trade in trades if trade["id"] >= first][:1000])


def going_on() -> FeedServer:
    """A venue that does not wait for those who are away."""
    now_us = time.time_ns() // 1000
    frames = [
        Frame(number / PER_SECOND, trade("TICUSDT", number, now_us + number * 1_000_000 // PER_SECOND))
        for number in range(120 * PER_SECOND)
    ]
    return FeedServer(Plain(), Recording(frames=frames), hold=False, door=history)


@pytest.mark.timeout(180)
def test_a_back_fill_that_a_kill_has_cut_short_is_made_by_the_next_run(tmp_path: Path) -> None:
    with playing(going_on) as feeds, serving(tmp_path) as server:
        connectors = Connectors(server.url)
        connector_id = connectors.started(
            api_url=feeds.ws("/btc"),
            exchange_name="venue",
            format="binance",
            backfill={
                "api_url": feeds.http("/historicalTrades"),
                "query_params": {"symbol": "{symbol}", "fromId": "{from_id}", "limit": "1000"},
                "limit": 1000,
                "mapping": {"instrument": "TIC-USDT"},
            },
        )
        connectors.until(connector_id, lambda status: status["message_count"] > 3 * PER_SECOND)
        feeds.command("answer", status=503, where="http", headers={"Retry-After": "15"})  # it waits while it is killed
        feeds.command("set", refusing=True)
        feeds.command("cut")
        position = feeds.position
        feeds.until(lambda: feeds.position > position + PER_SECOND)  # what is said meanwhile is missed
        feeds.command("set", refusing=False)
        status = connectors.until(connector_id, lambda status: [g["backfill"] for g in status["gaps"]] == ["waiting"])
        assert status["gaps"][0]["backfill_attempts"] == 1
        server.kill()
        feeds.command("heal")
        server.start()
        status = connectors.until(connector_id, lambda status: all(gap["filled_at"] for gap in status["gaps"]))
        assert {gap["backfill"] for gap in status["gaps"]} == {"filled"}
        numbers = connectors.all_trade_numbers(connector_id)
        assert numbers == set(range(min(numbers), max(numbers) + 1))
        total = connectors.ledger()
        assert total["counted"] == len(numbers)
        assert total["late"] == total["rejected"] == total["dead"] == 0
