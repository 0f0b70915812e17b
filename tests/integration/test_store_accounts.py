"""What is accounted for: the ledger, the dead letters, how far the pipeline has come."""

from __future__ import annotations

import uuid

import pytest

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.database import Database
from telemetra.store.dead_letters import get_dead_letter, list_dead_letters, mark_redriven
from telemetra.store.ledger import LedgerCounts, read_ledger
from telemetra.store.status import database_status, pipeline_status
from tests.support.rows import NOW, insert


async def add_counts(database: Database, minute: int, source: str = "api", **counts: int) -> None:
    await insert(
        database,
        "ledger_minute",
        **{"workspace_id": "default", "source": source, "minute": to_datetime(minute)} | counts,
    )


async def add_letter(database: Database, offset: int, **values: object) -> uuid.UUID:
    identity = uuid.uuid4()
    defaults = {
        "workspace_id": "default",
        "partition": 0,
        "disposition": "rejected",
        "source": "api",
        "code": "unknown_type",
        "detail": "no kind declares it",
        "raw": b"{}",
        "received_at": to_datetime(NOW + offset),
    }
    await insert(database, "dead_letters", id=identity, log_offset=offset, **defaults | values)
    return identity


async def test_the_ledger_adds_up(database: Database) -> None:
    await add_counts(database, NOW, counted=5, duplicate=4, late=3, rejected=2, dead=1)
    await add_counts(database, NOW + MINUTE, counted=10)
    await add_counts(database, NOW + MINUTE, "twitch", counted=100)
    await add_counts(database, NOW, workspace_id="other", counted=1000)

    rows, total = await read_ledger(database, "default", limit=10)
    assert [(row.minute, row.source, row.received) for row in rows] == [
        (NOW + MINUTE, "api", 10),
        (NOW + MINUTE, "twitch", 100),
        (NOW, "api", 15),
    ]
    assert total == LedgerCounts(received=125, counted=115, duplicate=4, late=3, rejected=2, dead=1)


async def test_the_total_is_over_all_that_was_asked_for(database: Database) -> None:
    for number in range(4):
        await add_counts(database, NOW + number * MINUTE, counted=10**number)
    await add_counts(database, NOW, "twitch", counted=7)

    async def received(**options: object) -> tuple[list[int], int]:
        rows, total = await read_ledger(database, "default", **{"limit": 10} | options)  # type: ignore[arg-type]
        return [row.received for row in rows], total.received

    assert await received(limit=1) == ([1000], 1118)
    assert await received(start=NOW + MINUTE, end=NOW + 2 * MINUTE) == ([100, 10], 110)
    assert await received(source="twitch") == ([7], 7)
    assert await received(source="nobody") == ([], 0)


async def test_letters_are_kept_as_they_came(database: Database) -> None:
    raw = b'\xff\x00{"not": utf-8'
    identity = await add_letter(database, 1, raw=raw, disposition="dead", correlation_id="c")
    letter = await get_dead_letter(database, "default", identity)
    assert letter is not None
    assert (letter.id, letter.raw, letter.disposition, letter.correlation_id) == (identity, raw, "dead", "c")
    assert (letter.received_at, letter.redriven_at) == (NOW + 1, None)
    assert await get_dead_letter(database, "other", identity) is None
    assert await get_dead_letter(database, "default", uuid.uuid4()) is None


async def test_letters_come_newest_first_and_by_filter(database: Database) -> None:
    ids = [await add_letter(database, number, code=f"code{number % 2}", source=f"s{number}") for number in range(4)]
    await mark_redriven(database, "default", ids[3])

    async def numbers(**options: object) -> list[int]:
        letters = await list_dead_letters(database, "default", **{"limit": 10} | options)  # type: ignore[arg-type]
        return [ids.index(letter.id) for letter in letters]

    assert await numbers() == [3, 2, 1, 0]
    assert await numbers(limit=2, offset=1) == [2, 1]
    assert await numbers(code="code1") == [3, 1]
    assert await numbers(source="s2") == [2]
    assert await numbers(redriven=True) == [3]
    assert await numbers(redriven=False) == [2, 1, 0]


async def test_a_letter_is_marked_once(database: Database) -> None:
    identity = await add_letter(database, 1)
    first = await mark_redriven(database, "default", identity)
    assert first is not None
    assert await mark_redriven(database, "default", identity) == first
    assert await mark_redriven(database, "other", identity) is None
    letter = await get_dead_letter(database, "default", identity)
    assert letter is not None
    assert letter.redriven_at == first


async def test_the_lag_is_the_age_of_the_oldest_record_not_applied(database: Database) -> None:
    status = await pipeline_status(database)
    assert (status.first, status.next, status.applied, status.needs, status.lag_items) == (0, 0, 0, 0, 0)
    assert (status.owner_epoch, status.owner, status.waiting_since) == (0, None, None)
    uuid.UUID(status.epoch)

    for end in (10, 20):
        values = {
            "partition": 0,
            "next_offset": end,
            "items": 10,
            "appended_at": to_datetime(NOW + end),
            "payload": b"",
        }
        await insert(database, "log_records", **values)
    await database.execute("UPDATE log_head SET next = 20")
    for applied, waiting in ((0, NOW + 10), (9, NOW + 10), (10, NOW + 20), (20, None)):
        await database.execute("UPDATE pipeline_offsets SET applied = %s, needs = least(needs, %s)", [applied, applied])
        status = await pipeline_status(database)
        assert (status.waiting_since, status.lag_items) == (waiting, 20 - applied)


async def test_the_database_says_how_big_and_busy_it_is(database: Database) -> None:
    status = await database_status(database)
    assert status.size_bytes > 1_000_000
    assert status.version.startswith("18.")
    assert 1 <= status.connections <= status.max_connections == 60


@pytest.mark.parametrize("disposition", ["counted", "late"])
async def test_only_the_refused_are_letters(database: Database, disposition: str) -> None:
    with pytest.raises(Exception, match="dead_letters_disposition_check"):
        await add_letter(database, 1, disposition=disposition)
