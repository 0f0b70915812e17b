"""Sending to clients whose transport has to be awaited: server-sent events, and WebSockets of other servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from starlette.websockets import WebSocketDisconnect

from telemetra.live.channel import QueueChannel
from telemetra.live.frames import Frame

CLOSE_GRACE_SECONDS = 10.0
"""How long a client that is being closed may take to read what waits for it."""


async def serve_queue(
    channel: QueueChannel, send: Callable[[list[Frame]], Awaitable[None]], client: Coroutine[Any, Any, None]
) -> None:
    """Run `client`, which returns when the client has gone, and meanwhile send what it writes to the channel.

    Ends with `client`, when the client can be sent nothing more, or when the channel was closed and what waited in it
    is sent or the grace is over.
    """
    serving = asyncio.create_task(client)
    sending = asyncio.create_task(_send_all(channel, send))
    grace = asyncio.create_task(_grace(channel))
    tasks = (serving, sending, grace)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        channel.lose()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _send_all(channel: QueueChannel, send: Callable[[list[Frame]], Awaitable[None]]) -> None:
    with contextlib.suppress(OSError, WebSocketDisconnect):  # the client has gone
        while frames := await channel.take():
            await send(frames)


async def _grace(channel: QueueChannel) -> None:
    await channel.wait_closed()
    await asyncio.sleep(CLOSE_GRACE_SECONDS)
