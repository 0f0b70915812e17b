"""A polled source and a process that is killed again and again: nothing is skipped, nothing counts twice."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.connectors import Connectors, serving
from tests.support.feeds.frames import Recording
from tests.support.feeds.http import Asked, Told
from tests.support.feeds.server import FeedServer
from tests.support.feeds.thread import Feeds, playing
from tests.support.feeds.venues import Plain

PAGE = 3
KILLS = 3


def pages() -> FeedServer:
    """Trades in pages without end, as they happen: the next page is named by a number in the answer."""

    def door(asked: Asked, server: FeedServer) -> Told | None:
        first = int(asked.query.get("cursor", "0"))
        now_ms = time.time_ns() // 1_000_000
        items = [{"i": number, "p": "1.5", "v": "1", "t": now_ms} for number in range(first, first + PAGE)]
        return Told.json({"items": items, "next": str(first + PAGE)})

    return FeedServer(Plain(), Recording(), door=door)


def asked(feeds: Feeds) -> list[int]:
    """The cursors in the order they came."""
    targets = [contact.target for contact in feeds.record.of("http")]
    return [int(target.partition("cursor=")[2] or "0") for target in targets]


@pytest.mark.timeout(180)
def test_a_polled_source_goes_on_where_it_was_after_every_kill(tmp_path: Path) -> None:
    with playing(pages) as feeds, serving(tmp_path) as server:
        connectors = Connectors(server.url)
        connector_id = connectors.started(
            api_url=feeds.http("/trades"),
            exchange_name="venue",
            polling_interval=100,
            cursor={"parameter": "cursor", "path": "next"},
            mapping={
                "instrument": "TIC-USDT",
                "paths": {"items": "items", "price": "p", "size": "v", "trade_id": "i", "timestamp": "t"},
            },
        )
        count = 0
        for kill in range(KILLS):

            def told(status: dict[str, Any], kill: int = kill, count: int = count) -> bool:
                """What this run has stored is reported, and the gap of the last kill is one by itself."""
                filled = [gap["filled_at"] is not None for gap in status["gaps"]]
                return status["message_count"] > count and filled == [True] * kill

            status = connectors.until(connector_id, told)
            count = status["message_count"]
            server.kill()
            came = len(asked(feeds))
            reached = asked(feeds)[-1]
            server.start()
            feeds.until(lambda came=came: len(asked(feeds)) > came)
            again = asked(feeds)[came]
            assert 0 < again <= reached + PAGE  # on from what was durable, not from the start
        status = connectors.until(connector_id, lambda status: all(gap["filled_at"] for gap in status["gaps"]))
        assert [gap["reason"] for gap in status["gaps"]] == ["restarted"] * KILLS
        numbers = connectors.all_trade_numbers(connector_id)
        assert numbers == set(range(max(numbers) + 1))
        total = connectors.ledger()
        assert total["counted"] == len(numbers)
        assert total["late"] == total["rejected"] == total["dead"] == 0
