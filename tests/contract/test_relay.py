"""What every Relay does, whatever it is made of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from telemetra.live.base import Publication, Relay
from telemetra.live.relay_memory import MAX_WAITING, MemoryRelay
from tests.support.live import moment, publication, snapshot, until


@pytest.fixture(params=[MemoryRelay])
def relay(request: pytest.FixtureRequest) -> Relay:
    make: Callable[[], Relay] = request.param
    return make()


async def test_publications_arrive_on_the_loop_in_order(relay: Relay) -> None:
    arrived: list[int] = []
    threads: set[int] = set()

    def deliver(publication: Publication) -> None:
        threads.add(threading.get_ident())
        arrived.append(publication.committed)

    relay.subscribe(deliver)

    def publish() -> None:
        for committed in range(40):
            relay.publish(publication(committed=committed))

    await asyncio.to_thread(publish)
    await until(lambda: len(arrived) == 40)
    assert arrived == list(range(40))
    assert threads == {threading.get_ident()}


async def test_every_hub_gets_everything(relay: Relay) -> None:
    first: list[Publication] = []
    second: list[Publication] = []
    relay.subscribe(first.append)
    relay.subscribe(second.append)
    relay.publish(publication(moment(), snapshot()))
    await until(lambda: bool(first and second))
    assert first[0].moments == second[0].moments == [moment()]
    assert first[0].snapshots == [snapshot()]


async def test_a_hub_that_is_busy_misses_old_snapshots_but_no_moment(relay: Relay) -> None:
    arrived: list[Publication] = []
    relay.subscribe(arrived.append)
    total = MAX_WAITING * 10
    for number in range(total):  # this loop does not yield: the hub cannot take anything
        relay.publish(publication(moment(10 * number), snapshot(chat_count=number), committed=number))
    await until(lambda: bool(arrived))
    assert len(arrived) <= MAX_WAITING
    assert [m.timestamp for p in arrived for m in p.moments] == [moment(10 * n).timestamp for n in range(total)]
    assert arrived[-1].snapshots[-1].values["chat_count"] == total - 1
    assert len(arrived[-1].snapshots) == 1
    assert arrived[-1].committed == total - 1


async def test_a_publication_that_fails_costs_no_other(relay: Relay) -> None:
    arrived: list[int] = []

    def deliver(publication: Publication) -> None:
        if publication.committed == 1:
            raise ValueError("a defect")
        arrived.append(publication.committed)

    relay.subscribe(deliver)
    for committed in range(3):
        relay.publish(publication(committed=committed))
    await until(lambda: len(arrived) == 2)
    assert arrived == [0, 2]


def test_publishing_after_the_hub_has_stopped_does_nothing(relay: Relay) -> None:
    async def subscribe() -> None:
        relay.subscribe(lambda publication: None)

    asyncio.run(subscribe())
    relay.publish(publication())
