"""What every EventLog promises. One parameter per implementation."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
import zstandard

from telemetra.errors import OffsetOutOfRange, Overloaded
from telemetra.eventlog.base import EventLog
from telemetra.eventlog.postgres import PostgresLog
from telemetra.model.event import Event, LogItem, Rejection, Run, in_runs, one_by_one
from telemetra.observability import Metrics
from telemetra.store.database import Database
from tests.support.engine import event

LONG_AGO, FAR_AHEAD = 0, 4_000_000_000_000_000


@pytest.fixture(params=["postgres"])
def log(request: pytest.FixtureRequest, database: Database) -> EventLog:
    return {"postgres": PostgresLog}[request.param](database)


def chat(count: int, prefix: str = "e") -> list[LogItem]:
    """Events that arrived three at a time."""
    return in_runs([event(f"{prefix}{at}", at, received_seconds=at // 3) for at in range(count)])


async def read(log: EventLog, start: int, most: int) -> list[Event | Rejection]:
    return list(one_by_one((await log.read(start, most)).items))


async def test_an_empty_log_has_a_lasting_identity_and_nothing_to_read(log: EventLog) -> None:
    position = await log.position()
    assert (position.first, position.next) == (0, 0)
    assert position.epoch == (await log.position()).epoch
    assert (await log.read(0, 10)).items == []


async def test_items_come_back_as_they_were_with_consecutive_offsets(log: EventLog) -> None:
    rejection = Rejection(3, "invalid_json", "no JSON", b"\x00\xff{", "default", "api", 1_700_000_000_000_000, "c-1")
    items = [*chat(4), rejection]
    assert list(map(len, items)) == [3, 1, 1]
    assert await log.append(items[:1]) == 0
    assert await log.append(items[1:]) == 3
    found = await log.read(0, 100)
    assert (found.first, found.count, found.next, found.items) == (0, 5, 5, items)
    assert (await log.position()).next == 5


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
async def test_any_start_and_size_of_read_give_the_same_items(log: EventLog, most: int) -> None:
    items = chat(12)
    for start, end in ((0, 2), (2, 3), (3, 4)):
        await log.append(items[start:end])
    for start in range(13):
        found = await log.read(start, most)
        assert list(one_by_one(found.items)) == list(one_by_one(items))[start : start + most]
        assert found.count == len(list(one_by_one(found.items)))


async def test_concurrent_appends_lose_and_mix_nothing(log: EventLog) -> None:
    batches = [chat(7, prefix=f"b{number}-") for number in range(60)]
    offsets = await asyncio.gather(*(log.append(batch) for batch in batches))
    found = await read(log, 0, 1000)
    for offset, batch in zip(offsets, batches, strict=True):
        assert found[offset : offset + 7] == list(one_by_one(batch))
    assert sorted(offsets) == list(range(0, 420, 7))


async def test_a_reader_never_skips_what_commits_later(database_url: str, log: EventLog) -> None:
    """Writers of other processes append while a reader follows: it sees every offset once, in order."""
    writers = [Database(database_url, min_size=1, max_size=1, name=f"writer {number}") for number in range(3)]
    for writer in writers:
        await writer.open()

    async def write(database: Database, name: str) -> None:
        other = PostgresLog(database)
        for number in range(40):
            await other.append(chat(1 + number % 3, prefix=f"{name}-{number}-"))

    writing = asyncio.gather(*(write(writer, str(index)) for index, writer in enumerate(writers)))
    seen: list[str] = []
    offset = 0
    while not writing.done() or offset < (await log.position()).next:
        found = await log.read(offset, 50)
        assert found.first == offset
        seen += [event_id for item in found.items if isinstance(item, Run) for event_id in item.event_ids]
        offset = found.next
        await asyncio.sleep(0)
    await writing
    for writer in writers:
        await writer.close()
    assert len(seen) == len(set(seen)) == offset == 3 * sum(1 + number % 3 for number in range(40))


async def test_wait_returns_when_there_is_more_and_when_the_time_is_over(log: EventLog) -> None:
    await log.wait(0, 0.05)
    waiting = asyncio.create_task(log.wait(0, 30.0))
    await log.append(chat(1))
    async with asyncio.timeout(5):
        await waiting


async def test_trim_removes_only_what_nobody_needs_and_what_is_old(log: EventLog) -> None:
    for number in range(4):
        await log.append(chat(5, prefix=f"t{number}-"))
    assert await log.trim(20, LONG_AGO) == 0
    assert await log.trim(12, FAR_AHEAD) == 10
    assert (await log.position()).first == 10
    assert (await log.read(10, 100)).count == 10
    with pytest.raises(OffsetOutOfRange):
        await log.read(9, 100)
    assert await log.trim(20, FAR_AHEAD) == 10
    with pytest.raises(OffsetOutOfRange):
        await log.read(19, 100)
    assert (await log.read(20, 100)).items == []
    assert await log.append(chat(1)) == 20


async def test_more_than_may_wait_is_refused_and_the_rest_is_stored(database: Database) -> None:
    log = PostgresLog(database, max_waiting_bytes=10_000)
    results = await asyncio.gather(*(log.append(chat(10)) for _ in range(5)), return_exceptions=True)
    stored = [result for result in results if isinstance(result, int)]
    assert len(stored) >= 1
    assert all(isinstance(result, int | Overloaded) for result in results)
    assert len(stored) < 5
    assert (await log.position()).next == 10 * len(stored)


async def test_a_group_larger_than_a_record_keeps_its_order(log: EventLog) -> None:
    items = chat(25_000)
    assert await log.append(items) == 0
    assert await read(log, 9_999, 10_002) == list(one_by_one(items))[9_999:20_001]


async def test_a_group_commit_is_measured(database: Database) -> None:
    metrics = Metrics()
    log = PostgresLog(database, metrics=metrics)
    await log.append(chat(5))
    row = await database.fetch_one("SELECT sum(length(payload)) AS bytes FROM log_records")
    assert row is not None
    text = metrics.render().decode()
    assert "telemetra_log_append_seconds_count 1.0" in text
    assert f"telemetra_log_append_bytes_total {float(row['bytes'])}" in text


async def test_records_of_single_events_are_read_too(database: Database) -> None:
    """They were written so before runs; what is in a log when Telemetra is replaced must not be lost."""
    rejection = Rejection(3, "invalid_json", "no JSON", b"{", "default", "api", 1_700_000_000_000_000)
    items = [*(event(f"e{at}", at, received_seconds=at // 3) for at in range(5)), rejection]
    payload = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(items))
    await database.execute(
        "INSERT INTO log_records (partition, next_offset, items, payload) VALUES (0, 6, 6, %s)", (payload,)
    )
    await database.execute("UPDATE log_head SET next = 6")
    log = PostgresLog(database)
    assert await read(log, 0, 100) == items
    assert await read(log, 4, 2) == items[4:]
