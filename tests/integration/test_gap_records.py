"""What becomes of a gap that changes, or of a database that goes away, while the gap is being stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from telemetra.errors import Unavailable
from telemetra.observability import Metrics
from telemetra.sources.gap_records import GapRecords
from telemetra.sources.sequences import Hole
from telemetra.store.database import Database
from telemetra.store.gaps import Gap, gaps_of_connector
from tests.support.connector_bench import Bench

AT = 1_700_000_000_000_000
LATER = AT + 5_000_000
STREAM = "venue:BTC-USDT"


class Cutting:
    """The real database, whose next answer is lost: what was asked is done all the same."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.cuts = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def fetch_one(self, *query: Any) -> Any:
        row = await self._database.fetch_one(*query)
        if self.cuts:
            self.cuts = False
            raise Unavailable("the connection was cut")
        return row


class Kept:
    """The gaps of a connector, as its run keeps them and as the table has them."""

    def __init__(self, database: Database, connector_id: str) -> None:
        self.database: Any = Cutting(database)
        self._connector_id = connector_id
        self.next_run()

    def next_run(self) -> None:
        self.records = GapRecords(self.database, "default", self._connector_id, self._invalidate, Metrics())

    async def stored(self) -> list[Gap]:
        return await gaps_of_connector(self.database, "default", self._connector_id)

    async def change_while_storing(self, change: Any) -> None:
        """`settle` is waiting for the database when `change` is made."""
        settling = asyncio.create_task(self.records.settle())
        await asyncio.sleep(0)
        assert not settling.done()
        change()
        await settling

    async def _invalidate(self, workspace_id: str, streams: Sequence[str]) -> None:
        pass


@pytest.fixture
async def kept(database: Database) -> Kept:
    bench = Bench(database)
    made = await bench.start(api_url="ws://127.0.0.1:1/feed")
    await bench.guard.close()
    return Kept(database, made.connector_id)


def hole(first: int, last: int) -> Hole:
    return Hole(STREAM, "trades", first, last, AT, LATER, [(first, last)])


async def test_data_that_comes_while_a_gap_is_being_stored_closes_it(kept: Kept) -> None:
    kept.records.lost(AT, "restarted")
    await kept.change_while_storing(lambda: kept.records.data(LATER))
    await kept.records.settle()
    assert [(gap.start, gap.end) for gap in await kept.stored()] == [(AT, LATER)]


async def test_numbers_that_come_while_a_gap_is_being_stored_fill_it(kept: Kept) -> None:
    missing = hole(4, 7)
    kept.records.holes([missing])

    def late() -> None:
        missing.take(4, 7)
        kept.records.late()

    await kept.change_while_storing(late)
    await kept.records.settle()
    assert [(gap.end, gap.filled_at is not None) for gap in await kept.stored()] == [(LATER, True)]


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_gap_whose_storing_was_cut_short_is_there_once(kept: Kept, comes_back: bool) -> None:
    kept.records.lost(AT, "restarted")
    kept.database.cuts = True
    with pytest.raises(Unavailable):
        await kept.records.settle()
    if comes_back:
        kept.records.data(LATER)
    await kept.records.settle()
    assert [(gap.start, gap.end) for gap in await kept.stored()] == [(AT, LATER if comes_back else None)]


async def test_a_gap_that_was_filled_after_its_storing_was_cut_short_is_filled_in_the_table(kept: Kept) -> None:
    kept.records.lost(AT, "restarted")
    kept.database.cuts = True
    with pytest.raises(Unavailable):
        await kept.records.settle()
    record = kept.records.data(LATER)
    assert record is not None
    record.filled = True
    await kept.records.settle()
    assert [(gap.end, gap.filled_at is not None) for gap in await kept.stored()] == [(LATER, True)]


async def test_what_was_filled_at_once_hides_no_later_hole(kept: Kept) -> None:
    first = hole(4, 7)
    kept.records.holes([first])
    first.take(4, 7)
    kept.records.late()
    kept.records.holes([hole(10, 11)])
    await kept.records.settle()
    assert [(gap.missing, gap.filled_at) for gap in await kept.stored()] == [(2, None)]


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_gap_that_a_run_has_left_open_begins_where_all_is_durable(kept: Kept, comes_back: bool) -> None:
    """The run had read until the disconnect, and was killed before that was stored."""
    kept.records.lost(LATER, "disconnected")
    await kept.records.settle()
    kept.next_run()
    await kept.records.resume()
    kept.records.lost(AT, "restarted")
    if comes_back:
        kept.records.data(LATER + 1)
    await kept.records.settle()
    (gap,) = await kept.stored()
    assert (gap.start, gap.end, gap.reason) == (AT, LATER + 1 if comes_back else None, "disconnected")
