"""Rows for tests of what reads them: every column that a test does not care about has a plain value."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE
from telemetra.store.database import Database

NOW = 1_900_000_020_000_000
"""A time in 2030, the start of a minute."""


async def insert(database: Database, table: str, **values: Any) -> None:
    """Insert one row; dicts and lists go to jsonb columns."""
    adapted = [Jsonb(value) if isinstance(value, dict | list) else value for value in values.values()]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    await database.execute(statement, adapted)


async def add_stream(
    database: Database, stream_id: str = "s", *, workspace_id: str = "default", at: int = NOW, **values: Any
) -> None:
    defaults = {"kind": "broadcast", "streamer_name": stream_id, "last_event_at": to_datetime(at)}
    await insert(database, "streams", workspace_id=workspace_id, stream_id=stream_id, **defaults | values)


async def add_state(database: Database, stream_id: str = "s", *, watermark: int = NOW, final_until: int = NOW) -> None:
    await insert(
        database,
        "stream_state",
        workspace_id="default",
        stream_id=stream_id,
        final_until=to_datetime(final_until),
        watermark=to_datetime(watermark),
        observed_until=to_datetime(watermark),
        state=b"",
    )


async def add_minute(database: Database, start: int, stream_id: str = "s", **values: Any) -> None:
    defaults: dict[str, Any] = {
        "event_count": 1,
        "chat_count": 1,
        "shared_count": 0,
        "unique_chatters": 1,
        "top_emotes": [],
        "positive_count": 0,
        "negative_count": 0,
        "chat_rate": 1 / 60,
        "viewer_count": 0,
        "viewers_known": False,
        "revenue": 0,
        "revenue_by_currency": {},
    }
    await insert(
        database,
        "chat_summary_minute",
        workspace_id="default",
        stream_id=stream_id,
        window_start=to_datetime(start),
        window_end=to_datetime(start + MINUTE),
        **defaults | values,
    )


async def add_moment(database: Database, onset: int, stream_id: str = "s", **values: Any) -> uuid.UUID:
    identity = uuid.uuid4()
    defaults: dict[str, Any] = {
        "version": 1,
        "emitted_offset": 1,
        "moment_type": "chat_spike",
        "description": "much chat",
        "metric_name": "chat_rate",
        "metric_value": 10.0,
        "severity": 0.5,
        "metadata": {},
        "emitted_at": to_datetime(onset),
    }
    await insert(
        database,
        "moments",
        moment_id=identity,
        workspace_id="default",
        stream_id=stream_id,
        timestamp=to_datetime(onset),
        **defaults | values,
    )
    return identity


async def add_event(database: Database, offset: int, timestamp: int, *, received_at: int = NOW, **values: Any) -> None:
    defaults: dict[str, Any] = {
        "workspace_id": "default",
        "stream_id": "s",
        "partition": 0,
        "disposition": "counted",
        "event_id": f"e{offset}",
        "type": "chat.message",
        "source": "api",
        "data": {},
    }
    await insert(
        database,
        "events",
        log_offset=offset,
        timestamp=to_datetime(timestamp),
        received_at=to_datetime(received_at),
        **defaults | values,
    )
