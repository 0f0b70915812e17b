"""The hub with channels in memory: who gets what, in which order, and what is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from telemetra.errors import Unavailable
from telemetra.live.channel import QueueChannel
from telemetra.live.hub import Hub
from telemetra.live.subscriber import TOO_SLOW, TRY_AGAIN_LATER, Subscriber
from telemetra.model.event import DEFAULT_WORKSPACE
from tests.support.live import (
    EPOCH,
    KEY,
    STREAM,
    HandClock,
    ListHistory,
    make_hub,
    moment,
    publication,
    snapshot,
    take,
)


class Client:
    """A connection whose messages the test takes by hand."""

    def __init__(self, hub: Hub, subscriber: Subscriber, channel: QueueChannel) -> None:
        self.hub = hub
        self.subscriber = subscriber
        self.channel = channel

    async def take(self) -> list[dict[str, Any]]:
        return await take(self.channel)

    def leave(self) -> None:
        self.hub.disconnect(self.subscriber)


async def join(hub: Hub, stream_id: str = STREAM) -> Client:
    """A client that has read its greeting."""
    channel = QueueChannel()
    client = Client(hub, hub.connect((DEFAULT_WORKSPACE, stream_id), channel, "websocket"), channel)
    await hub.welcome(client.subscriber)
    await client.take()
    return client


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def history() -> ListHistory:
    return ListHistory()


@pytest.fixture
def hub(clock: HandClock, history: ListHistory) -> Hub:
    return make_hub(clock, history)


def kinds_of(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


async def test_a_client_is_greeted_and_shown_the_newest_snapshot(hub: Hub) -> None:
    hub.deliver(publication(snapshot(chat_count=5), committed=100))
    channel = QueueChannel()
    await hub.welcome(hub.connect(KEY, channel, "websocket"))
    connected, metrics = await take(channel)
    assert connected["type"] == "connected"
    assert connected["stream_id"] == STREAM
    assert connected["message"] == f"Connected to stream: {STREAM}"
    assert (connected["epoch"], connected["offset"]) == (EPOCH, 100)
    assert (metrics["type"], metrics["chat_count"]) == ("metrics", 5)


async def test_a_tick_sends_every_client_of_a_stream_the_same_bytes(hub: Hub) -> None:
    clients = [await join(hub) for _ in range(3)]
    hub.deliver(publication(snapshot()))
    await hub.tick()
    frames = [await client.channel.take() for client in clients]
    assert all(taken[0] is frames[0][0] for taken in frames)


async def test_a_moment_is_pushed_at_once_and_once(hub: Hub) -> None:
    client = await join(hub)
    hub.deliver(publication(moment(), committed=101))
    hub.deliver(publication(moment(), committed=102))
    hub.deliver(publication(moment(version=2), committed=103))
    messages = await client.take()
    assert [(m["type"], m["version"]) for m in messages] == [("moment", 1), ("moment", 2)]


async def test_a_client_of_another_stream_gets_none_of_it(hub: Hub) -> None:
    other = await join(hub, "other")
    hub.deliver(publication(moment(), snapshot()))
    await hub.tick()
    (message,) = await other.take()
    assert (message["stream_id"], message["has_data"]) == ("other", False)


async def test_only_the_last_moment_of_a_commit_reaches_its_offset(hub: Hub) -> None:
    client = await join(hub)
    hub.deliver(publication(moment(0), moment(10), committed=105))
    await hub.tick()
    assert [message["offset"] for message in await client.take()] == [100, 105, 105]


async def test_updates_show_the_newest_five_moments_without_their_series(hub: Hub) -> None:
    client = await join(hub)
    hub.deliver(publication(*(moment(10 * n) for n in range(7))))
    await client.take()
    await hub.tick()
    (metrics,) = await client.take()
    shown = metrics["recent_moments"]
    assert [m["moment_id"] for m in shown] == [str(moment(10 * n).moment_id) for n in (6, 5, 4, 3, 2)]
    assert shown[0]["metadata"] == {"cause": "hype", "baseline": {"median": 55.0}}


async def test_the_first_client_finds_the_stored_moments(hub: Hub, history: ListHistory) -> None:
    history.moments = [moment()]
    channel = QueueChannel()
    await hub.welcome(hub.connect(KEY, channel, "websocket"))
    _, metrics = await take(channel)
    assert [m["moment_id"] for m in metrics["recent_moments"]] == [str(moment().moment_id)]


async def test_a_client_is_greeted_even_when_the_history_is_down(hub: Hub, history: ListHistory) -> None:
    history.down = True
    channel = QueueChannel()
    await hub.welcome(hub.connect(KEY, channel, "websocket"))
    assert kinds_of(await take(channel)) == ["connected", "metrics"]


async def test_resume_sends_what_was_missed_and_then_the_newest_snapshot(hub: Hub, history: ListHistory) -> None:
    history.moments = [moment(0, emitted=90), moment(10, emitted=97), moment(20, emitted=97), moment(30, emitted=99)]
    client = await join(hub)
    await hub.resume(client.subscriber, EPOCH, 95)
    messages = await client.take()
    assert kinds_of(messages) == ["moment", "moment", "moment", "metrics"]
    assert [m["offset"] for m in messages] == [95, 97, 99, 100]


async def test_resume_of_another_log_says_so_and_sends_everything(hub: Hub, history: ListHistory) -> None:
    history.moments = [moment(0, emitted=2), moment(10, emitted=97)]
    client = await join(hub)
    await hub.resume(client.subscriber, "another", 95)
    assert kinds_of(await client.take()) == ["resume_failed", "moment", "moment", "metrics"]


async def test_a_moment_raised_during_a_resume_is_neither_lost_nor_doubled(hub: Hub, history: ListHistory) -> None:
    stored, both, live = moment(0, emitted=99), moment(10, emitted=101), moment(20, emitted=102)
    history.moments = [stored, both]
    history.gate = asyncio.Event()
    client = await join(hub)
    waiting = client.channel.waiting_bytes()
    resuming = asyncio.create_task(hub.resume(client.subscriber, EPOCH, 50))
    await asyncio.sleep(0)
    hub.deliver(publication(both, committed=101))
    hub.deliver(publication(live, committed=102))
    await hub.tick()
    assert client.channel.waiting_bytes() == waiting, "no frame may claim offset 102 before the history is sent"
    history.gate.set()
    await resuming
    messages = await client.take()
    ids = [m["moment_id"] for m in messages[:-1]]
    assert ids == [str(m.moment_id) for m in (stored, both, live)]
    assert (messages[-1]["type"], messages[-1]["offset"]) == ("metrics", 102)


async def test_clients_that_resume_together_share_a_query(hub: Hub, history: ListHistory) -> None:
    history.moments = [moment()]
    clients = [await join(hub) for _ in range(20)]
    await asyncio.gather(*(hub.resume(client.subscriber, EPOCH, 95) for client in clients))
    assert history.queries == 1
    for client in clients:
        assert kinds_of(await client.take()) == ["moment", "metrics"]


async def test_a_query_is_not_shared_across_a_moment(hub: Hub, history: ListHistory) -> None:
    """A client that came after the moment can only find it by a query that began after it."""
    history.gate = asyncio.Event()
    early = await join(hub)
    first = asyncio.create_task(hub.resume(early.subscriber, EPOCH, 95))
    await asyncio.sleep(0)
    history.moments = [moment()]
    hub.deliver(publication(moment()))
    late = await join(hub)
    second = asyncio.create_task(hub.resume(late.subscriber, EPOCH, 95))
    await asyncio.sleep(0)
    history.gate.set()
    await asyncio.gather(first, second)
    for client in (early, late):
        assert kinds_of(await client.take()) == ["moment", "metrics"]


async def test_a_resume_that_cannot_be_answered_ends_the_connection(hub: Hub, history: ListHistory) -> None:
    client = await join(hub)
    history.down = True
    await hub.resume(client.subscriber, EPOCH, 95)
    assert client.channel.close_code == TRY_AGAIN_LATER
    assert not client.channel.open


async def test_a_slow_client_gets_the_newest_snapshot_when_it_reads_again(
    clock: HandClock, history: ListHistory
) -> None:
    hub = make_hub(clock, history)
    slow, quick = await join(hub), await join(hub)
    for count in range(500):
        hub.deliver(publication(snapshot(chat_count=count)))
        await hub.tick()
        await quick.take()
    assert slow.channel.open
    assert slow.channel.waiting_bytes() < 40_000
    *old, newest = [m["chat_count"] for m in await slow.take() if m["type"] == "metrics"]
    assert old == list(range(len(old)))
    assert newest == 499
    assert slow.subscriber.superseded == 499 - len(old)


async def test_a_slow_client_gets_every_moment_until_its_budget_is_full(clock: HandClock, history: ListHistory) -> None:
    hub = make_hub(clock, history, client_bytes=64 * 1024)
    slow, quick = await join(hub), await join(hub)
    onset = 0
    while slow.channel.open:
        onset += 10
        hub.deliver(publication(moment(onset)))
        await quick.take()
    assert slow.channel.close_code == TOO_SLOW
    assert slow.channel.waiting_bytes() < 66_000
    received = await slow.take()
    assert [m["moment_id"] for m in received] == [str(moment(10 * n).moment_id) for n in range(1, len(received) + 1)]
    assert len(received) == onset // 10
    assert quick.channel.open
    slow.leave()
    quick.leave()
    dropped = hub_metric(hub, "telemetra_live_frames_dropped_total", reason="overflow")
    assert (dropped, hub.connections) == (1, 0)


def hub_metric(hub: Hub, name: str, **labels: str) -> float | None:
    return hub._metrics.registry.get_sample_value(name, labels)


async def test_pings_come_at_their_own_pace(clock: HandClock, history: ListHistory) -> None:
    hub = make_hub(clock, history, interval_seconds=1.5, ping_seconds=4.5)
    client = await join(hub)
    seen = []
    for _ in range(6):
        await hub.tick()
        seen.append(kinds_of(await client.take()))
    assert seen == [["metrics"], ["metrics"], ["metrics", "ping"]] * 2


async def test_a_full_process_takes_no_more(clock: HandClock, history: ListHistory) -> None:
    hub = make_hub(clock, history, max_connections=1)
    client = await join(hub)
    with pytest.raises(Unavailable):
        hub.connect(KEY, QueueChannel(), "websocket")
    client.leave()
    await join(hub)


async def test_nothing_is_kept_of_streams_that_nobody_knows_or_watches(hub: Hub, clock: HandClock) -> None:
    client = await join(hub, "never-seen")
    assert hub.subscribed() == ((DEFAULT_WORKSPACE, "never-seen"),)
    client.leave()
    assert (hub.subscribed(), hub.kept) == ((), 0)
    hub.deliver(publication(snapshot("idle"), snapshot("watched")))
    await join(hub, "watched")
    clock.advance(590)
    await sweep(hub)
    assert hub.kept == 2
    clock.advance(15)
    await sweep(hub)
    assert hub.kept == 1


async def sweep(hub: Hub) -> None:
    for _ in range(20):  # 30 s of ticks
        await hub.tick()


async def test_a_stream_that_cannot_be_shown_does_not_silence_the_others(hub: Hub) -> None:
    hub.deliver(publication(snapshot("broken", values={}), snapshot(STREAM)))
    channel = QueueChannel()
    hub.connect((DEFAULT_WORKSPACE, "broken"), channel, "websocket")
    client = await join(hub)
    await hub.tick()
    assert kinds_of(await client.take()) == ["metrics"]


async def test_run_ticks_at_the_interval(clock: HandClock, history: ListHistory) -> None:
    hub = make_hub(clock, history, interval_seconds=0.01)
    client = await join(hub)
    running = asyncio.create_task(hub.run())
    for _ in range(3):
        assert "metrics" in kinds_of(await asyncio.wait_for(client.take(), 5))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
