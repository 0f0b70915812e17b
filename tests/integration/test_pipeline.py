"""The pipeline over a real database: what it stores, what it does when the database refuses, and who may store."""

from __future__ import annotations

import json
import random

import pytest

from telemetra.errors import Fenced
from telemetra.model.event import Event, LogItem, Rejection
from telemetra.operations.recompute import recompute
from telemetra.store.database import Database
from tests.support.engine import REGISTRY, START, Tables, event
from tests.support.pipeline import DrivenPipeline

MINUTES = 60_000_000
JUDGED = ("z_score", "baseline_level", "baseline_low", "baseline_high")


def busy_hour(streams: int = 3, seconds: int = 900, seed: int = 1) -> list[LogItem]:
    """Chat, viewers and tips of several streams, slightly out of order, with repeats and a few rejections."""
    chance = random.Random(seed)
    items: list[LogItem] = []
    for number in range(seconds * 2):
        at = number / 2
        stream_id = f"stream-{chance.randrange(streams)}"
        when = at - chance.choice([0, 0, 0, 2, 8])
        received = at + 1
        if number % 40 == 0:
            data = {"viewer_count": 100 + number}
            items.append(
                event(f"v{number}", when, data, type="viewer.count", stream_id=stream_id, received_seconds=received)
            )
        elif number % 55 == 0:
            data = {"transaction_id": f"t{number // 110}", "amount": "1.10", "transaction_type": "tip"}
            items.append(
                event(f"p{number}", when, data, type="transaction", stream_id=stream_id, received_seconds=received)
            )
        elif number % 70 == 0:
            received_at = START + round(received * 1_000_000)
            items.append(Rejection(0, "invalid_field", "no", b"{}", "default", "api", received_at))
        else:
            data = {
                "user_id": f"u{chance.randrange(50)}",
                "message": chance.choice(["gg", "LUL Kappa", "so good", "hm?"]),
            }
            items.append(event(f"c{number}", when, data, stream_id=stream_id, received_seconds=received))
        if chance.random() < 0.02:
            items.append(items[-1])
    return items


async def test_what_is_stored_is_what_the_engine_says(database: Database) -> None:
    items = busy_hour()
    driven = DrivenPipeline(database)
    await driven.feed(items)
    await driven.catch_up()
    expected = Tables(items)
    expected.run([])
    assert await driven.ledger() == {"received": len(items), **expected.totals()}
    rows = await driven.rows()
    assert len(rows) == len(expected.rows) > 40
    for row in rows:
        window_start = round(row["window_start"].timestamp() * 1_000_000)
        values = expected.rows[row["stream_id"], window_start]
        assert {name: row[name] for name in values if name != "anomaly"} == {
            name: value for name, value in values.items() if name != "anomaly"
        }
    archive = await driven.rows("events")
    assert sorted((row["log_offset"], row["disposition"]) for row in archive) == sorted(expected.archive)
    assert len(await driven.rows("transactions")) == len(expected.tables)


@pytest.mark.parametrize("read_items", [37, 500])
async def test_dying_between_any_two_steps_changes_no_row(database: Database, read_items: int) -> None:
    items = busy_hour()
    whole = Tables(items)
    whole.run([])
    driven = DrivenPipeline(database, read_items=read_items)
    await driven.feed(items)
    pipeline = driven.pipeline(await driven.owner())
    chance = random.Random(read_items)
    while pipeline.applied < len(items):
        await pipeline.turn()
        if chance.random() < 0.3:
            pipeline = driven.pipeline(await driven.owner())
            await pipeline.turn()
    assert len(await driven.rows()) == len(whole.rows)
    for row in await driven.rows():
        values = whole.rows[row["stream_id"], round(row["window_start"].timestamp() * 1_000_000)]
        assert row["chat_count"] == values["chat_count"]
        assert {name: row[name] for name in JUDGED} == {name: values[name] for name in JUDGED}
        assert row["revenue"] == values["revenue"]
    assert {str(row["moment_id"]) for row in await driven.rows("moments")} == set(whole.moments)
    assert await driven.ledger() == {"received": len(items), **whole.totals()}


@pytest.mark.parametrize(
    ("table", "type", "column"),
    [
        ("events", "chat.message", "data->>'user_id' || event_id"),
        ("transactions", "transaction", "transaction_id"),
        ("viewer_timeseries", "viewer.count", "viewer_count::text"),
    ],
)
async def test_a_value_that_the_database_refuses_costs_only_its_own_event(
    database: Database, table: str, type: str, column: str
) -> None:
    items = busy_hour()
    healthy = Tables(items)
    healthy.run([])
    poisoned, item = next(
        (offset, item)
        for offset, item in enumerate(items)
        if offset > 500 and isinstance(item, Event) and item.type == type and (offset, "counted") in healthy.archive
    )
    data = json.loads(item.data)
    value = {
        "events": lambda: data["user_id"] + item.event_id,
        "transactions": lambda: data["transaction_id"],
        "viewer_timeseries": lambda: str(data["viewer_count"]),
    }[table]()
    await database.execute(f"ALTER TABLE {table} ADD CHECK ({column} <> '{value}')")  # type: ignore[arg-type]
    driven = DrivenPipeline(database)
    await driven.feed(items)
    await driven.catch_up()
    dead = [row for row in await driven.rows("dead_letters") if row["disposition"] == "dead"]
    assert poisoned in [row["log_offset"] for row in dead]
    # A repeat of a poisoned event is just as poisoned; nothing else is.
    assert {row["code"] for row in dead} == {"refused_by_database"}
    assert len(dead) <= 2
    ledger = await driven.ledger()
    assert ledger["received"] == len(items)
    assert ledger["dead"] == len(dead)
    assert len(await driven.rows()) == len(healthy.rows)


async def test_an_owner_that_was_replaced_stores_nothing_more(database: Database) -> None:
    items = busy_hour(seconds=300)
    driven = DrivenPipeline(database, read_items=50)
    await driven.feed(items)
    first = driven.pipeline(await driven.owner())
    await first.turn()
    second = driven.pipeline(await driven.owner())
    with pytest.raises(Fenced):
        await first.turn()
    await driven.catch_up(second)
    assert (await driven.ledger())["received"] == len(items)


async def test_moments_are_published_only_after_their_commit_and_streams_are_invalidated(database: Database) -> None:
    calm = [event(f"c{number}", number * 2) for number in range(600)]
    burst = [event(f"b{number}", 1200 + number / 20) for number in range(800)]
    after = [event(f"a{number}", 1240 + number * 2) for number in range(120)]
    driven = DrivenPipeline(database, read_items=300)
    await driven.feed([*calm, *burst, *after])
    await driven.catch_up()
    stored = {row["moment_id"]: row for row in await driven.rows("moments")}
    assert [row["moment_type"] for row in stored.values()] == ["chat_spike"]
    published = [moment for publication in driven.relay.publications for moment in publication.moments]
    assert {moment.moment_id for moment in published} == set(stored)
    for publication in driven.relay.publications:
        for moment in publication.moments:
            assert stored[moment.moment_id]["emitted_offset"] <= 1520
            assert publication.committed >= 0
    assert ("default", "lirik") in driven.invalidated
    assert any(publication.snapshots for publication in driven.relay.publications)


async def test_recompute_changes_nothing_where_nothing_was_late(database: Database) -> None:
    items = busy_hour()
    driven = DrivenPipeline(database)
    await driven.feed(items)
    await driven.catch_up()
    before, ledger = await driven.rows(without=()), await driven.ledger()
    report = await recompute(database, REGISTRY, "default", START - 5 * MINUTES, START + 60 * MINUTES)
    assert report.minutes > 30
    assert report.minutes_changed == 0
    assert {refused.reason for refused in report.refused} == {"not_final"}
    assert await driven.rows(without=()) == before
    assert await driven.ledger() == ledger


async def not_counted(driven: DrivenPipeline) -> dict[str, int]:
    """What the accounts of the streams say of events that were not counted."""
    rows = await driven.rows("stream_ledger_minute")
    return {name: sum(row[name] for row in rows) for name in ("duplicate", "late")}


async def test_recompute_takes_late_events_in_and_drops_repeats(database: Database) -> None:
    chat = [event(f"c{number}", number, received_seconds=number) for number in range(400)]
    late = [event(f"late{number}", 30 + number, received_seconds=401) for number in range(5)]
    repeats = chat[10:20]
    tip = {"transaction_id": "t1", "amount": 5, "transaction_type": "tip"}
    late_tip = event("tip", 31, tip, type="transaction", received_seconds=402)
    items = [*chat, *late, *repeats, late_tip]
    driven = DrivenPipeline(database)
    await driven.feed(items)
    await driven.catch_up()
    assert await driven.ledger() == {"received": 416, "counted": 400, "late": 16}
    assert await not_counted(driven) == {"duplicate": 0, "late": 16}
    judged = [{name: row[name] for name in JUDGED} for row in await driven.rows()]
    assert all(row["baseline_high"] > row["baseline_level"] for row in judged if row["z_score"] is not None)
    report = await recompute(database, REGISTRY, "default", START, START + 10 * MINUTES)
    assert (report.late_counted, report.repeats, report.minutes_changed) == (6, 10, 1)
    assert await driven.ledger() == {"received": 416, "counted": 406, "duplicate": 10}
    assert await not_counted(driven) == {"duplicate": 10, "late": 0}
    first = min(await driven.rows(), key=lambda row: row["window_start"])
    assert (first["chat_count"], first["event_count"], str(first["revenue"])) == (65, 66, "5.00")
    assert [{name: row[name] for name in JUDGED} for row in await driven.rows()] == judged
    assert len(await driven.rows("events")) == 406
    again = await recompute(database, REGISTRY, "default", START, START + 10 * MINUTES)
    assert (again.late_counted, again.repeats, again.minutes_changed) == (0, 0, 0)


async def test_recompute_refuses_minutes_that_the_archive_no_longer_holds(database: Database) -> None:
    driven = DrivenPipeline(database)
    await driven.feed([event(f"c{number}", number) for number in range(400)])
    await driven.catch_up()
    await database.execute("DELETE FROM events WHERE event_id = 'c70'")
    before = await driven.rows(without=())
    report = await recompute(database, REGISTRY, "default", START, START + 10 * MINUTES)
    beyond = [refused.minute for refused in report.refused if refused.reason == "beyond_archive"]
    assert beyond == ["2023-11-14T22:15:00Z"]
    assert await driven.rows(without=()) == before


async def test_a_repeat_of_what_is_still_being_stored_is_a_duplicate(database: Database) -> None:
    """The next read is processed while the last one is on its way to the tables."""
    tips = [
        event(
            f"e{number}",
            number,
            {"transaction_id": f"t{number // 2}", "amount": 1, "transaction_type": "tip"},
            type="transaction",
        )
        for number in range(40)
    ]
    driven = DrivenPipeline(database, read_items=1)
    await driven.feed(tips)
    await driven.catch_up()
    assert await driven.ledger() == {"received": 40, "counted": 20, "duplicate": 20}
    assert len(await driven.rows("transactions")) == 20
