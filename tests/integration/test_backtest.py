"""Back-tests over a real archive: what they find, what they refuse, and that they leave no trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from psycopg import sql

from telemetra.engine.engine import EngineSettings
from telemetra.errors import Invalid, NotFound
from telemetra.model.event import Event
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.model.window import MINUTE, SECOND
from telemetra.operations.backtest import BacktestLimits, BacktestQuery, backtest
from telemetra.operations.moment_models import Backtest
from telemetra.store.database import Database
from telemetra.store.moment_settings import WHOLE_WORKSPACE, write_overrides
from tests.support.chat import cheering_chat, lirik_chat
from tests.support.engine import REGISTRY, START
from tests.support.pipeline import DrivenPipeline
from tests.support.shared import shared_data

HOUR = 60 * MINUTE
LIMITS = BacktestLimits(events=1_500, range=HOUR)
ALL = (0, 2**52)


async def stored(database: Database, events: Sequence[Event]) -> DrivenPipeline:
    driven = DrivenPipeline(database)
    await driven.feed(events)
    await driven.catch_up()
    return driven


async def ask(database: Database, span: tuple[int, int] = ALL, *, now: int = START, **options: Any) -> Backtest:
    """`now`: at once after the events, so that nothing has been silent for long."""
    overrides = options.pop("overrides", {})
    stream_id = options.pop("stream_id", "lirik")
    query = BacktestQuery(("default", stream_id), *span, overrides)
    progress = options.pop("progress", lambda done, total: None)
    return await backtest(database, REGISTRY, EngineSettings(), query, now=now, progress=progress, **options)


def minutes(first: int, last: int) -> tuple[int, int]:
    return START + first * MINUTE, START + last * MINUTE


async def whole_database(database: Database) -> dict[str, list[str]]:
    """Every row of every table, with the transaction that wrote it and its place on disk."""
    tables = await database.fetch_all("SELECT relname FROM pg_stat_user_tables")
    contents = {}
    for table in sorted(row["relname"] for row in tables):
        query = sql.SQL("SELECT xmin::text, ctid::text, * FROM {}").format(sql.Identifier(table))
        contents[table] = sorted(repr(row) for row in await database.fetch_all(query))
    return contents


async def test_a_recorded_feed_gives_exactly_the_stored_moments(database: Database) -> None:
    events = lirik_chat(shared_data("chat", "lirik-2015.csv"), 20_000)
    await stored(database, events)
    moments = await database.fetch_all("SELECT moment_id, ended_at, severity FROM moments ORDER BY timestamp")
    assert len(moments) > 2
    before = await whole_database(database)
    told: list[tuple[int, int]] = []

    report = await ask(database, progress=lambda done, total: told.append((done, total)))

    assert report.whole_history
    assert [(found.moment_id, found.ended_at, found.severity) for found in report.replayed.moments] == [
        (row["moment_id"], row["ended_at"], row["severity"]) for row in moments
    ]
    assert report.stored.moments == report.replayed.moments
    assert all(found.overlaps == [found.moment_id] for found in report.replayed.moments)
    assert report.events == told[-1][0] == told[-1][1] == len(events)
    assert report.hours == pytest.approx((events[-1].timestamp - events[0].timestamp) / HOUR, abs=0.02)
    assert report.replayed.alarms_per_hour == pytest.approx(len(moments) / report.hours, abs=0.01)
    assert await whole_database(database) == before


async def test_other_settings_stand_beside_what_was_found(database: Database) -> None:
    await stored(database, cheering_chat("lirik", 40))
    deaf = await ask(database, overrides={"open_score": 0.999})
    assert (deaf.stored.alarms, deaf.stored.alone, deaf.replayed.alarms) == (2, 2, 0)
    assert deaf.settings.open_score == 0.999

    patient = await ask(database, overrides={"merge_seconds": 1200, "longest_seconds": 7200})
    assert patient.replayed.alarms == 1
    assert patient.stored.alone == patient.replayed.alone == 0
    assert patient.replayed.moments[0].overlaps == [found.moment_id for found in patient.stored.moments]


async def test_a_range_finds_the_moments_that_begin_in_it_with_their_ends(database: Database) -> None:
    await stored(database, cheering_chat("lirik", 60, cheers=(10, 20, 30, 40)))
    whole = await ask(database)
    assert len(whole.replayed.moments) == 4
    part = await ask(database, minutes(15, 31))
    assert part.replayed.moments == part.stored.moments == whole.replayed.moments[1:3]
    assert (part.warm_up_seconds, part.hours) == (15 * 60, pytest.approx(16 / 60, abs=0.001))
    onset = to_microseconds(whole.replayed.moments[2].timestamp)
    cut = await ask(database, (onset, onset + 1))
    assert cut.replayed.moments == whole.replayed.moments[2:3]
    assert (await ask(database, (onset - 5 * MINUTE, onset))).replayed.moments == []


async def test_the_streams_own_settings_are_where_overrides_begin(database: Database) -> None:
    await write_overrides(database, "default", WHOLE_WORKSPACE, {"open_score": 0.999})
    await write_overrides(database, "default", "lirik", {"cooldown_seconds": 5})
    await stored(database, cheering_chat("lirik", 30))
    assert (await ask(database)).replayed.alarms == 0
    bold = await ask(database, overrides={"open_score": 0.5})
    assert (bold.stored.alarms, bold.replayed.alarms, bold.replayed.alone) == (0, 2, 2)
    assert bold.settings.cooldown_seconds == 5


async def test_a_stream_that_fell_silent_was_closed(database: Database) -> None:
    await stored(database, cheering_chat("lirik", 21))
    last = START + 21 * MINUTE
    assert [found.ended_at is None for found in (await ask(database, now=last)).replayed.moments] == [False, True]
    later = await ask(database, now=last + 2 * MINUTE)
    assert [found.ended_at is None for found in later.replayed.moments] == [False, False]


async def test_the_gap_after_the_range_ends_what_was_open(database: Database) -> None:
    """All of it came in at once, so nothing was silent by arrival."""
    quick = [*cheering_chat("lirik", 21), *cheering_chat("lirik", 600, start=590, cheers=())]
    for number, item in enumerate(quick):
        item.received_at = START + HOUR * 24 + number * 100
    await stored(database, quick)
    report = await ask(database, minutes(15, 21), now=START + HOUR * 24)
    assert report.events == len(cheering_chat("lirik", 21)) + 1
    assert report.replayed.moments == report.stored.moments
    assert [found.ended_at is None for found in report.replayed.moments] == [False]


async def test_a_range_that_the_archive_no_longer_holds_is_refused(database: Database) -> None:
    await stored(database, cheering_chat("lirik", 40))
    gone = to_datetime(START + 5 * MINUTE)
    await database.execute("DELETE FROM events WHERE timestamp < %s", (gone,))
    with pytest.raises(
        Invalid, match="5 minutes of the range, 2023-11-14T22:14:00Z to 2023-11-14T22:18:00Z"
    ) as refused:
        await ask(database)
    assert refused.value.code == "beyond_archive"
    report = await ask(database, minutes(15, 40))
    assert (report.warm_up_seconds, report.whole_history) == (600, False)
    assert report.replayed.alarms == 1


@pytest.mark.parametrize(
    ("span", "options", "code"),
    [
        ((START, START), {}, "invalid_range"),
        (minutes(100, 110), {}, "no_events"),
        (minutes(-20, -10), {}, "no_events"),
        (minutes(0, 20), {"overrides": {"open_scor": 1}}, "unknown_setting"),
        (minutes(0, 61), {"limits": LIMITS}, "backtest_too_large"),
        (minutes(0, 40), {"limits": LIMITS}, "backtest_too_large"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    database: Database, span: tuple[int, int], options: dict[str, Any], code: str
) -> None:
    await stored(database, cheering_chat("lirik", 40))
    with pytest.raises(Invalid) as refused:
        await ask(database, span, **options)
    assert refused.value.code == code


async def test_a_question_within_the_limits_is_answered(database: Database) -> None:
    await stored(database, cheering_chat("lirik", 40))
    assert (await ask(database, minutes(0, 5), limits=LIMITS)).events < 1500


async def test_an_unknown_stream_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await ask(database, stream_id="nobody")


async def test_late_events_and_repeats_are_judged_as_they_were(database: Database) -> None:
    chat = cheering_chat("lirik", 40)
    late = cheering_chat("late", 12)[-230:]
    for number, item in enumerate(late):
        item.stream_id, item.received_at = "lirik", chat[-1].received_at + number
    await stored(database, [*chat[:-5], chat[3], *late, *chat[-5:]])
    dispositions = await database.fetch_all("SELECT disposition, count(*) AS n FROM events GROUP BY 1 ORDER BY 1")
    assert [row["n"] for row in dispositions] == [len(chat), len(late) + 1]
    report = await ask(database, now=chat[-1].received_at + 1 * SECOND)
    assert report.replayed.moments == report.stored.moments
    assert report.replayed.alarms == 2
