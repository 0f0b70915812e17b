"""Settings of detection, from the request to the moments of a running pipeline."""

from __future__ import annotations

from typing import Any

from telemetra.moments.settings import MomentSettings
from telemetra.store.database import Database
from telemetra.store.moment_settings import (
    WHOLE_WORKSPACE,
    SettingsBook,
    read_overrides,
    remove_overrides,
    write_overrides,
)
from tests.support.chat import cheering_chat
from tests.support.pipeline import DrivenPipeline


async def test_a_book_reads_only_what_changed(database: Database) -> None:
    book = SettingsBook(database)
    assert await book.refresh()
    assert not await book.refresh()
    await write_overrides(database, "default", WHOLE_WORKSPACE, {"open_score": 0.7})
    await write_overrides(database, "default", "lirik", {"merge_seconds": 30})
    await write_overrides(database, "other", "lirik", {"merge_seconds": 90})
    assert book.of("default", "lirik") == MomentSettings()
    assert await book.refresh()
    assert book.of("default", "lirik") == MomentSettings(open_score=0.7, merge_seconds=30)
    assert book.of("default", "another") == MomentSettings(open_score=0.7)
    assert book.of("other", "lirik") == MomentSettings(merge_seconds=90)
    await remove_overrides(database, "default", WHOLE_WORKSPACE)
    assert await book.refresh()
    assert book.of("default", "lirik") == MomentSettings(merge_seconds=30)
    assert await read_overrides(database, "default", "lirik") == ({}, {"merge_seconds": 30})


async def moments_of(driven: DrivenPipeline, stream_id: str) -> list[Any]:
    rows = await driven.rows("moments")
    return sorted((row for row in rows if row["stream_id"] == stream_id), key=lambda row: row["timestamp"])


async def test_a_running_pipeline_takes_a_change_up_for_one_stream_alone(database: Database) -> None:
    driven = DrivenPipeline(database)
    first = cheering_chat("lirik", 15) + cheering_chat("other", 15)
    await driven.feed(sorted(first, key=lambda item: item.received_at))
    pipeline = await driven.catch_up()
    assert len(await moments_of(driven, "lirik")) == len(await moments_of(driven, "other")) == 1

    await write_overrides(database, "default", "lirik", {"open_score": 0.999})
    rest = cheering_chat("lirik", 30, start=15) + cheering_chat("other", 30, start=15)
    await driven.feed(sorted(rest, key=lambda item: item.received_at))
    await driven.catch_up(pipeline)
    assert len(await moments_of(driven, "lirik")) == 1
    assert len(await moments_of(driven, "other")) == 2


async def test_a_rebuilt_pipeline_begins_with_what_is_stored(database: Database) -> None:
    await write_overrides(database, "default", WHOLE_WORKSPACE, {"open_score": 0.999})
    driven = DrivenPipeline(database)
    await driven.feed(cheering_chat("lirik", 30))
    await driven.catch_up()
    assert await moments_of(driven, "lirik") == []
