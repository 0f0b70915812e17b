"""All streams at once: what changed goes to those who keep up, everything to those who do not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from telemetra.api.push_messages import StreamUpdates, Watching
from telemetra.errors import Unavailable
from telemetra.live.channel import QueueChannel
from telemetra.live.feed_board import FeedBoard
from telemetra.live.hub import Hub
from telemetra.live.subscriber import RESTARTING
from telemetra.model.event import DEFAULT_WORKSPACE
from tests.support.live import EPOCH, STREAM, HandClock, ListHistory, make_hub, moment, publication, snapshot, take


@pytest.fixture
def hub() -> Hub:
    return make_hub(HandClock(), ListHistory())


async def join(hub: Hub, workspace_id: str = DEFAULT_WORKSPACE) -> QueueChannel:
    channel = QueueChannel()
    await hub.welcome_watcher(hub.watch(workspace_id, channel, "websocket"))
    return channel


def ids(message: dict[str, Any]) -> list[str]:
    return [row["stream_id"] for row in message["streams"]]


async def test_greeting_and_everything_then_what_changed(hub: Hub) -> None:
    hub.deliver(publication(snapshot("a"), snapshot("b")))
    channel = await join(hub)
    connected, first = await take(channel)
    assert (connected["type"], connected["epoch"], connected["interval_seconds"]) == ("connected", EPOCH, 1.5)
    assert (first["complete"], ids(first)) == (True, ["a", "b"])
    hub.deliver(publication(snapshot("b", chat_count=110)))
    await hub.tick()
    (changes,) = await take(channel)
    assert (changes["complete"], ids(changes)) == (False, ["b"])
    assert changes["streams"][0]["metrics"]["chat_rate"] == 120.0
    assert changes["streams"][0]["data_age_seconds"] == 2.0
    await hub.tick()
    (nothing,) = await take(channel)
    assert nothing["streams"] == [], "it comes all the same: silence would mean a lost connection"
    msgspec.convert(connected, Watching)
    msgspec.convert(changes, StreamUpdates)


async def test_only_headlines_and_no_lists_are_sent(hub: Hub) -> None:
    hub.deliver(publication(snapshot("a")))
    _, first = await take(await join(hub))
    assert set(first["streams"][0]["metrics"]) == {"viewer_count", "viewers_known", "chat_rate", "sentiment_score"}


async def test_a_moment_is_a_change_and_comes_without_its_evidence(hub: Hub) -> None:
    channel = await join(hub)
    await take(channel)
    hub.deliver(publication(moment(0), moment(-60)))
    await hub.tick()
    (message,) = await take(channel)
    (row,) = message["streams"]
    assert row["last_moment"]["moment_id"] == str(moment(0).moment_id), "the newest by onset"
    assert "metadata" not in row["last_moment"]
    assert "metrics" not in row, "of this stream nothing but the moment is known"
    msgspec.convert(message, StreamUpdates)


async def test_who_is_too_slow_is_left_out_and_then_gets_everything(hub: Hub) -> None:
    slow, fast = await join(hub), await join(hub)
    await take(slow)
    await take(fast)
    slow.paused = True
    waiting = slow.waiting_bytes()
    hub.deliver(publication(snapshot("a")))
    await hub.tick()
    hub.deliver(publication(snapshot("b")))
    await hub.tick()
    assert slow.waiting_bytes() == waiting
    slow.paused = False
    hub.deliver(publication(snapshot("b", chat_count=1)))
    await hub.tick()
    (caught_up,) = await take(slow)
    assert (caught_up["complete"], sorted(ids(caught_up))) == (True, ["a", "b"])
    assert [ids(message) for message in await take(fast)] == [["a"], ["b"], ["b"]]


async def test_workspaces_are_apart(hub: Hub) -> None:
    channel = await join(hub, "other")
    await take(channel)
    hub.deliver(publication(snapshot(STREAM)))
    await hub.tick()
    (message,) = await take(channel)
    assert message["streams"] == []


async def test_they_count_as_connections_and_are_closed_with_the_process() -> None:
    hub = make_hub(HandClock(), ListHistory(), max_connections=1)
    channel = QueueChannel()
    watcher = hub.watch(DEFAULT_WORKSPACE, channel, "websocket")
    assert (hub.connections, hub.watching) == (1, 1)
    with pytest.raises(Unavailable):
        hub.watch(DEFAULT_WORKSPACE, QueueChannel(), "websocket")
    hub.close()
    assert (channel.open, channel.close_code) == (False, RESTARTING)
    hub.unwatch(watcher)
    assert (hub.connections, hub.watching) == (0, 0)


async def test_a_stream_that_falls_silent_says_so_and_says_when_it_speaks_again() -> None:
    clock, board = HandClock(), FeedBoard(stale_after_seconds=30)
    hub = make_hub(clock, ListHistory(), board=board)
    hub.deliver(publication(snapshot("fed"), snapshot("posted")))
    channel = await join(hub)
    _, first = await take(channel)
    assert [row["stale"] for row in first["streams"]] == [False, False]
    board.update({(DEFAULT_WORKSPACE, "fed"): True}, {})
    await hub.tick()
    (message,) = await take(channel)
    assert [(row["stream_id"], row["stale"]) for row in message["streams"]] == [("fed", True)]
    await hub.tick()
    (message,) = await take(channel)
    assert message["streams"] == []
    clock.advance(60)
    board.update({(DEFAULT_WORKSPACE, "fed"): False}, {})
    await hub.tick()
    (message,) = await take(channel)
    assert {row["stream_id"]: row["stale"] for row in message["streams"]} == {"fed": False, "posted": True}
    msgspec.convert(message, StreamUpdates)
