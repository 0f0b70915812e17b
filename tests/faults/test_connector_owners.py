"""Two processes on one database: every connector runs once, and outlives its owner."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from operator import itemgetter
from pathlib import Path

import pytest

from tests.support.connectors import Connectors, rows, serving, until
from tests.support.feeds.frames import Frame, Recording
from tests.support.feeds.server import FeedServer
from tests.support.feeds.synthetic import trade
from tests.support.feeds.thread import Feeds, playing
from tests.support.feeds.venues import Plain

COUNT = 6
LEASE_SECONDS = 6.0


def ticking() -> FeedServer:
    now_us = time.time_ns() // 1000
    frames = [Frame(number / 20, trade("TICUSDT", number, now_us + number * 50_000)) for number in range(1200)]
    return FeedServer(Plain(), Recording(frames=frames), hold=False)


def open_paths(feeds: Feeds) -> Counter[str]:
    """How many sockets each connector has open."""
    targets = {contact.number: contact.target for contact in feeds.record.contacts}
    return feeds.do(lambda server: Counter(targets[session.number] for session in server.sessions))


@pytest.mark.timeout(120)
def test_every_connector_runs_once_and_a_killed_owner_is_followed(tmp_path: Path, database_url: str) -> None:
    settings = {"CONNECTOR_LEASE_SECONDS": str(LEASE_SECONDS)}
    with contextlib.ExitStack() as stack:
        feeds = stack.enter_context(playing(ticking))
        servers = [
            stack.enter_context(serving(tmp_path / name, database_url, **settings)) for name in ("first", "second")
        ]
        paths = [f"/c{number}" for number in range(COUNT)]
        ids = []
        for number, path in enumerate(paths):
            connectors = Connectors(servers[number % 2].url)
            fields = {"exchange_name": f"venue{number}", "format": "binance"}
            ids.append(connectors.started(api_url=feeds.ws(path), **fields))
        until(lambda: open_paths(feeds) == Counter(paths), lambda: open_paths(feeds))
        watch_once(feeds, paths, 3.0)
        assert len(feeds.record.of("websocket")) == COUNT

        owners = [row["owner"] for row in rows(database_url, "SELECT owner FROM connector_status")]
        (kept, left), (_, killed) = sorted(
            ((sum(f":{server.pid}:" in owner for owner in owners), server) for server in servers),
            key=itemgetter(0),
        )
        before = len(feeds.record.contacts)
        killed.kill()
        killed_at = time.monotonic()
        until(lambda: sum(open_paths(feeds).values()) == kept, lambda: open_paths(feeds))
        until(lambda: open_paths(feeds) == Counter(paths), lambda: open_paths(feeds), LEASE_SECONDS + 10)
        taken_seconds = time.monotonic() - killed_at
        assert taken_seconds < LEASE_SECONDS + 5, taken_seconds
        watch_once(feeds, paths, 2.0)
        moved = len(feeds.record.contacts) - before
        assert moved <= COUNT
        assert len({row["owner"] for row in rows(database_url, "SELECT owner FROM connector_status")}) == 1
        survivor = Connectors(left.url)
        for connector_id in ids:
            survivor.until(connector_id, lambda status: status["status"] == "running")

        killed.start()
        watch_once(feeds, paths, 3.0)


def watch_once(feeds: Feeds, paths: list[str], seconds: float) -> None:
    """No connector has two sockets at any moment that is looked at."""
    until_at = time.monotonic() + seconds
    while time.monotonic() < until_at:
        found = open_paths(feeds)
        assert all(count == 1 for count in found.values()), found
        assert set(found) == set(paths), found
        time.sleep(0.05)
