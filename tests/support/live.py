"""A hub with a history in memory, the snapshots and moments it is fed, and a real server around it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from telemetra.api.live_routes import live_router
from telemetra.api.problems import Problems
from telemetra.api.ws_protocol import LiveWebSocketProtocol
from telemetra.engine.plan import KindPlan
from telemetra.kinds.registry import load_registry
from telemetra.live.base import Publication
from telemetra.live.channel import QueueChannel
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.model.moment import Moment, moment_id
from telemetra.model.window import SECOND, Band, Snapshot
from telemetra.observability import Metrics

START = 1_700_000_040 * SECOND
EPOCH = "0b5c7f6e-log"
STREAM = "lirik"
KEY = (DEFAULT_WORKSPACE, STREAM)
REGISTRY = load_registry("USD")
_NOTHING = KindPlan(REGISTRY.kinds["broadcast"]).empty_values()


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@dataclass
class ListHistory:
    """MomentHistory over a list. `gate`, once set, holds every answer back; `down` makes it fail."""

    moments: list[Moment] = field(default_factory=list)
    gate: asyncio.Event | None = None
    down: bool = False
    queries: int = 0

    async def after(self, workspace_id: str, stream_id: str, offset: int) -> list[Moment]:
        found = [m for m in self._of(workspace_id, stream_id) if (m.emitted_offset or 0) > offset]
        await self._answer()
        return found

    async def recent(self, workspace_id: str, stream_id: str, limit: int) -> list[Moment]:
        if self.down:
            raise ConnectionError("the database is down")
        return sorted(self._of(workspace_id, stream_id), key=lambda m: m.timestamp, reverse=True)[:limit]

    async def _answer(self) -> None:
        self.queries += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise ConnectionError("the database is down")

    def _of(self, workspace_id: str, stream_id: str) -> list[Moment]:
        newest: dict[Any, Moment] = {}
        for moment in self.moments:
            if (moment.workspace_id, moment.stream_id) == (workspace_id, stream_id):
                newest[moment.moment_id] = moment
        return list(newest.values())


def make_hub(clock: Callable[[], int], history: ListHistory, **options: Any) -> Hub:
    given: dict[str, Any] = {"metrics": Metrics(), "epoch": EPOCH, "committed": 100, **options}
    return Hub(clock=clock, kinds=REGISTRY.kinds, history=history, **given)


def snapshot(stream_id: str = STREAM, *, chat_count: int = 55, **changes: Any) -> Snapshot:
    """The last 55 s of a stream whose newest event came 2 s before START."""
    made = Snapshot(
        workspace_id=DEFAULT_WORKSPACE,
        stream_id=stream_id,
        kind="broadcast",
        window_end=START,
        seconds=55.0,
        values={**_NOTHING, "chat_count": chat_count, "unique_chatters": 7},
        has_data=True,
        data_at=START - 2 * SECOND,
        z_score=1.5,
        baseline=Band(level=42.5, low=0.0, high=120.0),
    )
    return msgspec.structs.replace(made, **changes)


def moment(
    onset_seconds: float = 0, *, stream_id: str = STREAM, version: int = 1, emitted: int = 101, **changes: Any
) -> Moment:
    """A chat_spike `onset_seconds` after START; the same onset is the same moment."""
    onset = START + round(onset_seconds * SECOND)
    made = Moment(
        moment_id=moment_id(DEFAULT_WORKSPACE, stream_id, "chat_spike", "chat_count", onset),
        version=version,
        workspace_id=DEFAULT_WORKSPACE,
        stream_id=stream_id,
        timestamp=onset,
        ended_at=None,
        moment_type="chat_spike",
        description="Chat at 8 times its usual rate",
        metric_name="chat_count",
        metric_value=440.0,
        threshold=120.0,
        z_score=9.1,
        severity=0.8,
        metadata={"cause": "hype", "window": [1, 2, 440], "baseline": {"median": 55.0}},
        emitted_offset=emitted,
    )
    return msgspec.structs.replace(made, **changes)


def publication(*items: Snapshot | Moment, committed: int = 101) -> Publication:
    return Publication(
        snapshots=[item for item in items if isinstance(item, Snapshot)],
        moments=[item for item in items if isinstance(item, Moment)],
        committed=committed,
    )


async def take(channel: QueueChannel) -> list[dict[str, Any]]:
    """What has been written to the channel since the last call; there must be something."""
    return [json.loads(frame.payload) for frame in await channel.take()]


@dataclass
class LiveServer:
    """A server on loopback; `base` is `127.0.0.1:<port>`."""

    hub: Hub
    realtime: RealtimeHub
    clock: HandClock
    history: ListHistory
    base: str
    server: uvicorn.Server

    def connect(self, stream_id: str = STREAM, **options: Any) -> connect:
        return connect(f"ws://{self.base}/ws/live/{stream_id}", **options)


@asynccontextmanager
async def live_server(
    *,
    origins: tuple[str, ...] = (),
    protocol: type[asyncio.Protocol] | None = LiveWebSocketProtocol,
    realtime_options: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[LiveServer]:
    """The live routes in a real server. `protocol` None: the server's own, so that frames go through ASGI."""
    clock, history = HandClock(), ListHistory()
    hub = make_hub(clock, history, **options)
    app = FastAPI()
    problems = Problems(clock)
    problems.install(app)
    realtime = RealtimeHub(clock=clock, metrics=Metrics(), **(realtime_options or {}))
    app.include_router(live_router(hub, realtime, clock=clock, problems=problems, origins=origins))
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        app,
        log_config=None,
        timeout_graceful_shutdown=2,
        ws=protocol or "websockets-sansio",
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    spreading = asyncio.create_task(realtime.run())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    try:
        yield LiveServer(hub, realtime, clock, history, base, server)
    finally:
        hub.close()
        realtime.close()
        spreading.cancel()
        server.should_exit = True
        await serving


async def receive(client: ClientConnection) -> dict[str, Any]:
    """The next message, within 5 s."""
    message: dict[str, Any] = json.loads(await asyncio.wait_for(client.recv(), 5))
    return message


async def until(condition: Callable[[], bool], timeout_seconds: float = 5.0) -> None:
    """Wait for what the server does on its own loop in its own time."""
    async with asyncio.timeout(timeout_seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
