"""From a commit to `/api/realtime`: published by the pipeline, or read from the tables by a standby."""

from __future__ import annotations

from typing import Any

from telemetra.clock import system_clock
from telemetra.formats.draft import Draft
from telemetra.live.channel import QueueChannel
from telemetra.live.realtime import Filter, RealtimeHub
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.observability import Metrics
from telemetra.standby import StoredUpdates
from telemetra.store.database import Database
from tests.support.api import make_services
from tests.support.live import take
from tests.support.pipeline import DrivenPipeline


def draft(number: int) -> Draft:
    data: dict[str, Any] = {"price": "1.50", "size": "2", "instrument": "A-B", "raw": {"n": number}}
    return Draft(f"t{number}", "market.trade", "shop:A-B", system_clock(), data, "shop")


async def test_a_standby_reads_what_the_pipeline_publishes(database: Database) -> None:
    services, driven = make_services(database), DrivenPipeline(database)
    standby = RealtimeHub(clock=system_clock, metrics=Metrics())
    channel = QueueChannel()
    standby.connect(Filter(DEFAULT_WORKSPACE), channel)
    updates = StoredUpdates(database, standby, system_clock)
    pipeline = await driven.catch_up()

    async def send(*numbers: int) -> None:
        await services.intake.submit_drafts(
            [draft(number) for number in numbers], workspace_id="default", connector_id="conn_1", session_id="ws-1"
        )
        await driven.catch_up(pipeline)

    async def seen() -> list[dict[str, Any]]:
        await updates.poll(leading=False)
        while standby._pending:
            await standby.spread()
        return await take(channel)

    await send(1)
    await updates.poll(leading=False)  # begins with what comes from now on
    await send(2, 3)
    connected, *polled = await seen()
    assert connected["type"] == "connected"
    await send(4)
    polled += await seen()
    published = RealtimeHub(clock=system_clock, metrics=Metrics())
    other = QueueChannel()
    published.connect(Filter(DEFAULT_WORKSPACE), other)
    for publication in driven.relay.publications:
        published.deliver(publication)
    while published._pending:
        await published.spread()
    _, first, *rest = await take(other)
    assert (first["source_id"], first["data"], first["price"]) == ("t1", {"n": 1}, "1.50")
    assert polled == rest
    assert [update["source_id"] for update in polled] == ["t2", "t3", "t4"]


async def test_events_of_no_session_are_not_pushed(database: Database) -> None:
    services, driven = make_services(database), DrivenPipeline(database)
    await services.intake.submit_drafts([draft(1)], workspace_id="default", connector_id=None, session_id=None)
    await driven.catch_up()
    assert [event for publication in driven.relay.publications for event in publication.events] == []
