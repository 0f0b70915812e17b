"""Ours: the live router and the hub in the server that the product runs. Each message is a tick."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
import uvloop
from fastapi import FastAPI

from telemetra.api.live_routes import live_router
from telemetra.api.problems import Problems
from telemetra.api.ws_protocol import LiveWebSocketProtocol
from telemetra.clock import system_clock
from telemetra.engine.plan import KindPlan
from telemetra.garbage import collect_rarely
from telemetra.kinds.registry import load_registry
from telemetra.live.base import Publication
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.model.moment import Moment
from telemetra.model.window import SECOND, Snapshot
from telemetra.observability import Metrics

STREAM = "bench"
NEVER_SECONDS = 1e9


class NoHistory:
    async def after(self, workspace_id: str, stream_id: str, offset: int) -> list[Moment]:
        return []

    async def recent(self, workspace_id: str, stream_id: str, limit: int) -> list[Moment]:
        return []


def busy_minute(now: int, values: dict[str, object]) -> Snapshot:
    """A minute of a busy channel; the update that shows it has about 1,000 bytes."""
    values = {**values, "chat_count": 4217, "unique_chatters": 1893, "viewer_count": 48_211, "avg_sentiment": 0.3127}
    values["top_emotes"] = [(f"emoteNumber{n}", 900 - 70 * n) for n in range(10)]
    return Snapshot(DEFAULT_WORKSPACE, STREAM, "broadcast", now, 57.0, values, True, now - SECOND, 1.25)


async def main() -> None:
    registry = load_registry("USD")
    start = system_clock()
    hub = Hub(
        clock=lambda: start,  # so that all messages have the same size
        kinds=registry.kinds,
        history=NoHistory(),
        metrics=Metrics(),
        epoch="6d1b5a3f-7c10-4a9e-8a4e-3d0b5c586f0c",
        ping_seconds=NEVER_SECONDS,
    )
    snapshot = busy_minute(start, KindPlan(registry.kinds["broadcast"]).empty_values())
    app = FastAPI()
    realtime = RealtimeHub(clock=system_clock, metrics=Metrics())
    app.include_router(live_router(hub, realtime, clock=system_clock, problems=Problems(system_clock), origins=()))
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        app, log_config=None, ws=LiveWebSocketProtocol, ws_per_message_deflate=False, ws_ping_interval=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(listener.getsockname()[1], flush=True)
    collect_rarely()  # as the product does
    while await lines.readline():
        hub.deliver(Publication([snapshot], [], 1))
        await hub.tick()
        print("done", flush=True)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main())
