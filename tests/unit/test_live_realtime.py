"""The hub of `/api/realtime`: filters, slow readers, and the change from the tables to the own pipeline."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from telemetra.errors import Unavailable
from telemetra.live.base import feed_events
from telemetra.live.channel import QueueChannel
from telemetra.live.realtime import Filter, RealtimeHub
from telemetra.live.realtime_frames import as_price, data_update
from telemetra.live.relay_memory import MAX_EVENTS, merge
from telemetra.model.event import DEFAULT_WORKSPACE, Run, in_runs
from telemetra.observability import Metrics
from tests.support.feed_events import CONNECTOR, trade, updates
from tests.support.live import HandClock, take

ALL = Filter(DEFAULT_WORKSPACE)


class Reader:
    """A client that reads what it is asked to read."""

    def __init__(self, hub: RealtimeHub, wanted: Filter = ALL) -> None:
        self.channel = QueueChannel()
        self.client = hub.connect(wanted, self.channel)

    async def read(self) -> list[dict[str, Any]]:
        return await take(self.channel)


def make_hub(**options: Any) -> RealtimeHub:
    return RealtimeHub(clock=HandClock(), metrics=Metrics(), **options)


async def settle(hub: RealtimeHub) -> None:
    while hub._pending:
        await hub.spread()


async def test_an_update_says_what_is_stored() -> None:
    hub = make_hub()
    reader = Reader(hub)
    hub.deliver(updates(trade(7)))
    await settle(hub)
    connected, update = await reader.read()
    assert (connected["type"], connected["filter"]) == ("connected", {})
    assert update == {
        "type": "data_update",
        "id": 7,
        "source_id": "t7",
        "session_id": "ws-s1",
        "connector_id": CONNECTOR,
        "timestamp": "2023-11-14T22:14:00.000007Z",
        "db_timestamp": "2023-11-14T22:14:00.500007Z",
        "exchange": "okx",
        "instrument": "BTC-USDT",
        "price": "64000.10",
        "data": {"px": "64000.10", "tradeId": "7"},
        "message_type": "trades",
    }


async def test_each_client_gets_what_its_filter_asks_for() -> None:
    hub = make_hub()
    wanted = {
        "all": ALL,
        "okx": Filter(DEFAULT_WORKSPACE, exchange="okx"),
        "eth": Filter(DEFAULT_WORKSPACE, instrument="ETH-USDT"),
        "both": Filter(DEFAULT_WORKSPACE, exchange="okx", instrument="ETH-USDT"),
        "connector": Filter(DEFAULT_WORKSPACE, connector_id="conn_other"),
        "elsewhere": Filter("another", exchange="okx"),
    }
    readers = {name: Reader(hub, each) for name, each in wanted.items()}
    hub.deliver(
        updates(
            trade(1),
            trade(2, instrument="ETH-USDT"),
            trade(3, exchange="binance", instrument="ETH-USDT"),
            trade(4, exchange="binance", connector_id="conn_other"),
        )
    )
    await settle(hub)
    got = {name: [m["id"] for m in await reader.read() if "id" in m] for name, reader in readers.items()}
    assert got == {
        "all": [1, 2, 3, 4],
        "okx": [1, 2],
        "eth": [2, 3],
        "both": [2],
        "connector": [4],
        "elsewhere": [],
    }


async def test_a_slow_client_is_told_how_many_it_missed_and_others_miss_none() -> None:
    hub = make_hub(buffer_bytes=64 * 1024)
    slow, fast = Reader(hub), Reader(hub)
    seen: list[int] = []
    for number in range(1000):
        hub.deliver(updates(trade(number)))
        await settle(hub)
        seen += [message["id"] for message in await fast.read() if message["type"] == "data_update"]
    assert seen == list(range(1000))

    got: list[dict[str, Any]] = []
    while not got or got[-1].get("id") != 999:
        got += await slow.read()
    told = [message for message in got if message["type"] == "error"]
    ids = [message["id"] for message in got if message["type"] == "data_update"]
    assert [message["code"] for message in told] == ["updates_dropped"]
    assert told[0]["dropped"] == 1000 - len(ids) > 0
    place = got.index(told[0])
    assert got[place + 1]["id"] - got[place - 1]["id"] - 1 == told[0]["dropped"]
    assert (
        hub._metrics.registry.get_sample_value("telemetra_live_frames_dropped_total", {"reason": "behind"})
        == (told[0]["dropped"])
    )


async def test_what_everybody_has_read_is_forgotten() -> None:
    hub = make_hub()
    reader = Reader(hub)
    for number in range(50):
        hub.deliver(updates(trade(number)))
        await settle(hub)
        await reader.read()
    assert len(reader.client.group.frames) == 0
    hub.disconnect(reader.client)
    hub.deliver(updates(trade(51)))
    assert (hub.connections, len(hub._pending), hub._groups) == (0, 0, {})


async def test_what_was_left_out_before_is_told_too() -> None:
    hub = make_hub()
    reader = Reader(hub)
    await reader.read()
    hub.deliver(updates(trade(5), dropped=3))
    await settle(hub)
    missed, update = await reader.read()
    assert (missed["dropped"], update["id"]) == (3, 5)


def test_merged_publications_hold_the_newest_events_and_count_the_others() -> None:
    many = [trade(1)] * (MAX_EVENTS - 1)
    merged = merge(updates(*many, dropped=2), updates(trade(2), trade(3)))
    assert len(merged.events) == MAX_EVENTS
    assert [number for number, _ in merged.events[-2:]] == [2, 3]
    assert merged.events_dropped == 3


async def test_from_the_tables_to_the_own_pipeline_each_event_comes_once() -> None:
    hub = make_hub()
    reader = Reader(hub)
    hub.deliver_stored([trade(1), trade(2)], leading=False)
    # The leader before has committed 3; this process has taken over and committed 4 and 5 before it looked once more.
    hub.deliver(updates(trade(4), trade(5)))
    hub.deliver_stored([trade(3), trade(4), trade(5)], leading=True)
    await settle(hub)
    assert sorted(message["id"] for message in (await reader.read())[1:]) == [1, 2, 3, 4, 5]
    # It looked once more before its own commits were heard of.
    hub.deliver_stored([trade(6)], leading=False)
    hub.deliver_stored([trade(7), trade(8)], leading=True)
    hub.deliver(updates(trade(8), trade(9)))
    await settle(hub)
    assert [message["id"] for message in await reader.read()] == [6, 7, 8, 9]


async def test_a_test_message_reaches_everybody() -> None:
    hub = make_hub()
    readers = [Reader(hub), Reader(hub, Filter(DEFAULT_WORKSPACE, exchange="nobody"))]
    update, _ = data_update(trade(1))
    assert hub.broadcast(msgspec.structs.replace(update, id=None)) == 2
    assert [[message.get("id", "?") for message in await reader.read()] for reader in readers] == [["?", None]] * 2


async def test_no_more_clients_than_may_be() -> None:
    hub = make_hub(max_connections=1)
    Reader(hub)
    with pytest.raises(Unavailable):
        Reader(hub)


@pytest.mark.parametrize(
    ("raw", "price"),
    [
        (b'"64000.10"', "64000.10"),
        (b"0.1", "0.1"),
        (b"-2", "-2"),
        (b"12345678901234567.123456789", "12345678901234567.123456789"),
        (b"null", None),
        (b"true", None),
        (b"[1]", None),
    ],
)
def test_a_price_keeps_its_digits(raw: bytes, price: str | None) -> None:
    assert as_price(msgspec.Raw(raw)) == price


def test_data_is_what_was_received() -> None:
    def shown(data: bytes) -> Any:
        _, frame = data_update((1, msgspec.structs.replace(trade(1)[1], data=data)))
        return json.loads(frame.payload)["data"]

    assert shown(b'{"raw":[1],"payload":2}') == [1]
    assert shown(b'{"payload":"text"}') == "text"
    assert shown(b'{"message":"hi"}') == {"message": "hi"}


def test_data_of_another_shape_is_shown_without_its_fields() -> None:
    update, _ = data_update(trade(1, data={"message_type": 5}))
    assert (update.exchange, update.instrument, update.price) == ("okx", "okx:BTC-USDT", None)
    assert update.message_type == "market.trade"


def test_feed_events_are_those_of_a_session() -> None:
    shown, other, late = trade(1)[1], trade(3, session_id=None)[1], trade(4)[1]
    (both,) = in_runs([shown, msgspec.structs.replace(shown, event_id="the next")])
    (not_shown,), (last,) = in_runs([other]), in_runs([late])
    assert isinstance(both, Run)
    assert isinstance(not_shown, Run)
    assert isinstance(last, Run)
    found = feed_events([(1, both, "counted"), (3, not_shown, "counted"), (4, last, "late")])
    assert found == [(1, both.event(0)), (2, both.event(1)), (4, late)]
