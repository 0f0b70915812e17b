"""Who runs a connector, what happens when the log or its owner goes away, and what a restart remembers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from websockets.asyncio.server import ServerConnection

from telemetra.errors import LogUnavailable, Overloaded
from telemetra.eventlog.postgres import PostgresLog
from telemetra.model.event import LogItem
from telemetra.sources.buffer import ROOM_FACTOR
from telemetra.sources.manager import ConnectorManager
from telemetra.store.connector_status import ConnectorStatus, claim, report
from telemetra.store.database import Database
from tests.support.connector_bench import QUICK, SEALER, Bench, bench, stay, trade, until, venue

NOW = 1_700_000_000_000_000
LONG_LEASE_SECONDS = 30.0
"""Where leases are given up and none may end by itself, however slow the machine is."""


async def speak(connection: ServerConnection, number: int) -> None:
    for count in range(1, 100_000):
        await connection.send(trade(count))
        await asyncio.sleep(0.01)


async def test_two_processes_run_every_connector_once_and_share_out_what_one_gives_up(database: Database) -> None:
    async with venue(speak) as there, bench(database, lease=LONG_LEASE_SECONDS) as one:
        two = ConnectorManager(one.parts, SEALER, "two", lease_seconds=LONG_LEASE_SECONDS, poll_seconds=0.2)
        second = asyncio.create_task(two.run())
        try:
            made = [await one.start(api_url=there.url, mapping={}) for _ in range(6)]
            for connector in made:
                await one.in_state(connector, "running")
            await asyncio.sleep(1.0)
            assert len(there.opened) == 6
            assert one.manager.running + two.running == 6
        finally:
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)

        async def all_here() -> bool:
            return one.manager.running == 6

        await until(all_here)


async def test_an_owner_that_vanishes_is_replaced_when_its_lease_ends(database: Database) -> None:
    async with venue(speak) as there:
        nobody = Bench(database)
        made = await nobody.start(api_url=there.url)
        lease = await claim(database, made.connector_id, "vanished", 1.5)
        assert lease is not None
        last = ConnectorStatus(connector_id=made.connector_id, status="running", last_event_at=NOW, message_count=7)
        await report(database, [(lease, last)])
        began = time.monotonic()
        async with bench(database) as here:
            events = await here.with_events(1)
            assert time.monotonic() - began >= 1.0
            assert len({event.session_id for event in events}) == 1
            (gap,) = await here.gaps(made)
            assert (gap.reason, gap.start) == ("restarted", NOW)
        await nobody.guard.close()


class Stubborn(PostgresLog):
    """The real log, which now and then says that it cannot take anything."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.refusing: type[LogUnavailable | Overloaded] | None = None
        self.refused = 0

    async def append(self, items: Sequence[LogItem]) -> int:
        if self.refusing is not None:
            self.refused += 1
            raise self.refusing("not now")
        return await super().append(items)


@pytest.mark.parametrize("refusal", [LogUnavailable, Overloaded])
async def test_while_intake_cannot_the_source_is_held_back_and_nothing_is_lost(
    database: Database, refusal: type[LogUnavailable | Overloaded]
) -> None:
    total = 3000
    sent = 0

    async def script(connection: ServerConnection, number: int) -> None:
        nonlocal sent
        for count in range(1, total + 1):
            await connection.send(trade(count, padding=Random(count).randbytes(4000).hex()))
            sent = count
        await stay(connection)

    async with venue(script) as there, bench(database, replace(QUICK, batch_messages=20)) as here:
        log = here.intake._log = Stubborn(database)
        log.refusing = refusal
        made = await here.start(api_url=there.url, stale_after=2.0, ping={"interval": 1, "pong_timeout": 2})

        async def held_back() -> bool:
            return log.refused >= 3

        await until(held_back)
        await asyncio.sleep(2.5)  # longer than every limit: silence is ours, not the source's
        assert sent < total
        (held,) = here.manager._held.values()
        assert held.run._hand_in.held_back
        assert held.run._performance.messages <= 3 * 20 * ROOM_FACTOR  # buffer, batch in hand, what was read at once
        assert (await here.status(made)).stale is False
        log.refusing = None
        events = await here.with_events(total, 120)
        ids = [int(json.loads(event.data)["trade_id"]) for event in events]
        assert sorted(set(ids)) == list(range(1, total + 1))
        assert len(there.opened) == 1
        assert await here.gaps(made) == []


async def test_a_restart_resumes_what_was_wanted_and_notes_what_it_may_have_missed(database: Database) -> None:
    async with venue(speak) as there:
        async with bench(database) as one:
            made = await one.start(api_url=there.url)
            await one.with_events(5)
            await one.in_state(made, "running")
        status = await one.status(made)
        assert (status.status, status.owner) == ("stopped", None)
        count = status.message_count
        async with bench(database) as two:
            await two.in_state(made, "running")

            async def noted() -> bool:
                found = await two.gaps(made)
                return len(found) == 1 and found[0].end is not None

            await until(noted)

            async def counted_on() -> bool:
                return (await two.status(made)).message_count > count

            await until(counted_on)
            await two.stop(made)
            await two.in_state(made, "stopped")
        async with bench(database) as three:
            await asyncio.sleep(0.5)
            assert three.manager.running == 0


async def test_what_cannot_be_run_says_so_and_does_not_disturb_others(database: Database) -> None:
    async with venue(speak) as there, bench(database) as here:
        wrong = await here.start(api_url=there.url, format="no-such-format")
        unreadable = await here.start(api_url=there.url, credentials={"api_key": "k"})
        await database.execute(
            "UPDATE api_connectors SET credentials_encrypted = 'nonsense' WHERE connector_id = %s",
            (unreadable.connector_id,),
        )
        forbidden = await here.start(api_url="ws://10.0.0.1/feed")
        good = await here.start(api_url=there.url)
        await here.in_state(good, "running")
        status = await here.in_state(wrong, "error")
        assert status.last_error is not None
        assert status.last_error.startswith("format:")
        await here.in_state(unreadable, "error")
        status = await here.in_state(forbidden, "error")
        assert "10.0.0.1" in str(status.last_error)
