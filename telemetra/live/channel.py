"""The way out to one client, as the hub sees it, and the one for transports that send with `await`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from telemetra.live.frames import Frame

HIGH_WATER_BYTES = 32 * 1024
"""A client for which more than this waits in the process is slow: it gets no snapshot until that is sent."""


class Channel(Protocol):
    """Used by one Subscriber on the event loop of the hub; nothing here blocks or raises.

    `open` is False once the client is gone or being closed: frames are then ignored. `paused` says that frames wait
    in the process; `on_change` is called when that ends and when `open` becomes False. `close` sends what waits,
    then the code, and ends the connection after a short grace whether the client has read it or not.

    `idle_socket` is the file descriptor of the client where the bytes of a frame's WebSocket form may be sent past the
    channel at this moment, as nothing waits for it; -1 where they may not. `write` is told how many were `sent` so.
    """

    open: bool
    paused: bool
    on_change: Callable[[], None] | None

    def idle_socket(self) -> int: ...

    def write(self, frame: Frame, sent: int = 0) -> None: ...

    def write_all(self, frames: Sequence[Frame]) -> None: ...

    def waiting_bytes(self) -> int: ...

    def close(self, code: int, reason: str) -> None: ...


class QueueChannel:
    """Frames wait for a coroutine that takes and sends them. The Subscriber's budget bounds what may wait."""

    def __init__(self) -> None:
        self.open = True
        self.paused = False
        self.on_change: Callable[[], None] | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._in_flight_bytes = 0
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()

    def idle_socket(self) -> int:
        return -1

    def write(self, frame: Frame, sent: int = 0) -> None:
        if not self.open:
            return
        self._frames.append(frame)
        self._bytes += len(frame.payload)
        self.paused = self._bytes > HIGH_WATER_BYTES
        self._wake.set()

    def write_all(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self.write(frame)

    def waiting_bytes(self) -> int:
        return self._bytes

    def close(self, code: int, reason: str) -> None:
        if not self.open:
            return
        self.close_code, self.close_reason = code, reason
        self.lose()

    def lose(self) -> None:
        """No more frames will be taken: the client is gone, or `close` was called."""
        self.open = False
        self._wake.set()
        self._closed.set()
        if self.on_change is not None:
            self.on_change()

    async def wait_closed(self) -> None:
        await self._closed.wait()

    async def take(self) -> list[Frame]:
        """All frames that wait, at least one; none once the channel is closed and empty.

        Calling it again says that the frames taken before have been sent.
        """
        self._sent()
        while not self._frames and self.open:
            self._wake.clear()
            await self._wake.wait()
        frames = list(self._frames)
        self._frames.clear()
        self._in_flight_bytes = self._bytes
        return frames

    def _sent(self) -> None:
        self._bytes -= self._in_flight_bytes
        self._in_flight_bytes = 0
        if self.paused and self._bytes <= HIGH_WATER_BYTES:
            self.paused = False
            if self.on_change is not None:
                self.on_change()
