"""Keeps what `telemetra watch` shows up to date: the connector's status by REST, its stream over the live WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from telemetra.commands.server_client import AsyncServer
from telemetra.commands.watch_view import Watched
from telemetra.errors import Fatal, NotFound, TelemetraError

POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0

Notice = Callable[[str], None]


class WatchFeed:
    """`run` until cancelled. `changed` is called after every change, `told` with each new moment's id.

    Raises `NotFound` when the connector is deleted while it is watched, `Fatal` when it met an error for good.
    """

    def __init__(
        self, server: AsyncServer, connector_id: str, watched: Watched, changed: Callable[[], None], told: Notice
    ) -> None:
        self._server = server
        self._connector_id = connector_id
        self._watched = watched
        self._changed = changed
        self._told = told
        self._known = asyncio.Event()

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._follow())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _poll(self) -> None:
        watched = self._watched
        while True:
            try:
                watched.status = await self._server.ask("GET", f"/api/connectors/{self._connector_id}/status")
                watched.trouble = None
                if watched.stream_id is None:
                    await self._find_stream(watched.status["streams"])
            except NotFound:
                raise
            except TelemetraError as error:
                watched.trouble = str(error)
            self._changed()
            if watched.state == "error" and watched.status is not None and watched.status["desired_state"] == "stopped":
                raise Fatal(f"{watched.target} has ended: {watched.reason}")
            await asyncio.sleep(POLL_SECONDS)

    async def _find_stream(self, streams: list[str]) -> None:
        """The first stream with metrics: those of other messages (`…@channel`) are not counted."""
        counted = [stream for stream in streams if "@" not in stream]
        if not counted:
            return
        path = quote(counted[0], safe="")
        try:
            stream = await self._server.ask("GET", f"/api/v1/streams/{path}")
        except NotFound:
            return  # the connector has seen its first message, and no checkpoint has stored it yet
        kinds = await self._server.ask("GET", "/api/v1/kinds")
        self._watched.metrics = next((kind["metrics"] for kind in kinds if kind["name"] == stream["kind"]), [])
        for moment in await self._server.ask("GET", f"/api/v1/streams/{path}/moments?limit=8"):
            self._watched.add_moment(moment)
        self._watched.stream_id = counted[0]
        self._known.set()

    async def _follow(self) -> None:
        await self._known.wait()
        parts = urlsplit(self._server.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        url = f"{scheme}://{parts.netloc}/ws/live/{quote(str(self._watched.stream_id), safe='')}"
        while True:
            try:
                async with connect(url, proxy=None, max_size=8 << 20) as socket:
                    async for message in socket:
                        self._take(json.loads(message))
            except (OSError, WebSocketException):
                pass  # the poll says that the server is away
            await asyncio.sleep(RETRY_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "metrics":
            self._watched.frame = message
        elif message["type"] == "moment" and self._watched.add_moment(message):
            self._told(message["moment_id"])
        self._changed()
