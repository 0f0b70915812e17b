"""A recorded day through format and engine alone: every minute equals the plain reference, in any order of arrival."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from telemetra.formats.feed import FeedOptions
from telemetra.formats.feeds import make_format
from telemetra.model.event import DEFAULT_WORKSPACE, Event
from tests.support.engine import Tables
from tests.support.feeds.frames import read_binance
from tests.support.market_reference import binance_trades, minutes
from tests.support.shared import shared_data

STREAM = "binance:BTC-USDT"
AHEAD_US = 1_270_000


@pytest.fixture(scope="module")
def day() -> Path:
    return shared_data("exchange", "binance-spot-btcusdt-2024-08-08.txt.gz")


@pytest.fixture(scope="module")
def events(day: Path) -> list[Event]:
    """What the market's stream is made of, with the arrival that the recorder noted."""
    recording = read_binance(day)
    read = make_format("binance", FeedOptions(exchange="binance")).read
    found = []
    for frame in recording.frames:
        received_at = round((recording.start + frame.at) * 1_000_000)
        for draft in read(frame.text, received_at).drafts:
            if draft.type.startswith("market."):
                data = msgspec.json.encode(draft.data)
                time = received_at if draft.timestamp is None else draft.timestamp
                found.append(
                    Event(
                        draft.event_id,
                        draft.type,
                        DEFAULT_WORKSPACE,
                        draft.stream_id,
                        draft.source,
                        time,
                        received_at,
                        data,
                    )
                )
    return found


def as_recorded(events: Sequence[Event], chance: random.Random) -> Iterator[Event]:
    yield from events


def back_filled(events: Sequence[Event], chance: random.Random) -> Iterator[Event]:
    """Again and again some come only after others that are newer."""
    at = 0
    while at < len(events):
        cuts = [at + chance.randint(500, 3000)]
        cuts += [cuts[-1] + chance.randint(50, 1500)]
        cuts += [cuts[-1] + chance.randint(10, 200)]
        yield from (*events[at : cuts[0]], *events[cuts[1] : cuts[2]], *events[cuts[0] : cuts[1]])
        at = cuts[2]


def shuffled(events: Sequence[Event], chance: random.Random) -> Iterator[Event]:
    for at in range(0, len(events), 50):
        block = list(events[at : at + 50])
        chance.shuffle(block)
        yield from block


@pytest.mark.parametrize("order", [as_recorded, back_filled, shuffled])
def test_every_minute_equals_the_reference(
    day: Path, events: list[Event], order: Callable[[Sequence[Event], random.Random], Iterator[Event]]
) -> None:
    # One of another day closes the last minute.
    closing = msgspec.structs.replace(
        events[-1], event_id="closing", timestamp=events[-1].timestamp + 86_400_000_000, received_at=2**62
    )
    arrived = [*order(events, random.Random(3)), closing]
    assert len(arrived) == len(events) + 1
    tables = Tables(arrived)
    tables.run([2_000] * 20)
    assert tables.totals() == {"counted": len(arrived)}
    for minute in minutes(binance_trades(day)):
        row = tables.rows[STREAM, minute.start_ms * 1000]
        found = {name: Decimal(row[name]) for name in ("open", "high", "low", "close", "volume")}
        assert found == {name: getattr(minute, name) for name in found}
        assert row["trade_count"] == minute.trades
        assert abs(Decimal(row["vwap"]) - minute.vwap) <= Decimal("5e-13")


def test_the_exchanges_clock_is_ahead_and_nothing_is_late(events: list[Event]) -> None:
    skews = [event.timestamp - event.received_at for event in events if event.type == "market.trade"]
    assert abs(sorted(skews)[len(skews) // 2] - AHEAD_US) < 50_000
    assert max(skews) > 0
