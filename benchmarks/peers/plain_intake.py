"""Intake as one writes it with FastAPI, pydantic and asyncpg: `python -m benchmarks.peers.plain_intake PORT URL`.

One process on uvicorn with uvloop and httptools. The events of a request are validated by pydantic and inserted by
one `executemany`, which is one transaction: durable before the answer. Times are those of the events, nothing is
looked up, counted or processed later, and the table has no index.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, Field

TABLE = "peer_events"
CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (LIKE events)"
INSERT = f"""
    INSERT INTO {TABLE} (workspace_id, stream_id, partition, log_offset, disposition, event_id, type, timestamp,
                         received_at, source, data)
    VALUES ('default', $1, 0, $2, 'counted', $3, $4, $5, $6, $7, $8)
"""
CONNECTIONS = 5


class Chat(BaseModel):
    user_id: str = Field(min_length=1, max_length=200)
    message: str = Field(max_length=500)
    username: str | None = Field(None, max_length=200)
    emotes: list[str] | None = None


class Event(BaseModel):
    event_id: str = Field(min_length=1, max_length=200)
    type: str = Field(max_length=100)
    stream_id: str = Field(min_length=1, max_length=200)
    timestamp: AwareDatetime
    source: str = Field("api", max_length=100)
    data: Chat


def create_app(url: str) -> FastAPI:
    pool: asyncpg.Pool

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            await pool.execute(CREATE)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/api/v1/events", status_code=202)
    async def take_events(events: list[Event]) -> dict[str, int]:
        received_at = datetime.now(UTC)
        rows = [
            (
                event.stream_id,
                number,
                event.event_id,
                event.type,
                event.timestamp,
                received_at,
                event.source,
                event.data.model_dump_json(exclude_unset=True),
            )
            for number, event in enumerate(events)
        ]
        async with pool.acquire() as connection:
            await connection.executemany(INSERT, rows)
        return {"accepted": len(rows)}

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
