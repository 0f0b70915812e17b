"""Plays a recording to everybody who wants it: one clock for all, as a venue has."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

from tests.support.feeds.frames import Frame
from tests.support.feeds.session import frame_bytes

BREATH_FRAMES = 50
"""After so many without a pause others have their turn."""


class Player:
    """Starts with the first listener. `hold`: stands still while nobody listens (`resume`, `pause`); else it goes on.

    `send` is given each frame when it is due, `position` counts them.
    """

    def __init__(self, frames: Sequence[Frame], speed: float, hold: bool, send: Callable[[Frame], None]) -> None:
        self.frames = frames
        self.position = 0
        self._speed = speed
        self.hold = hold
        self._send = send
        self._going = asyncio.Event()
        self._marks: dict[int, list[Callable[[], None]]] = defaultdict(list)
        self._start = 0.0

    def at(self, positions: Iterable[int], action: Callable[[], None]) -> None:
        """Do something just before the frame of each of these positions."""
        for position in positions:
            self._marks[position].append(action)

    @property
    def done(self) -> bool:
        return self.position >= len(self.frames)

    @property
    def going(self) -> bool:
        return self._going.is_set()

    def resume(self) -> None:
        if not self._going.is_set() and not self.done:
            self._start = self._now() - self.frames[self.position].at / self._speed
            self._going.set()

    def pause(self) -> None:
        """Nobody listens. Without `hold` a venue does not care."""
        if self.hold:
            self._going.clear()

    async def run(self, drained: Callable[[], Awaitable[None]]) -> None:
        """Until the end. `drained` waits for clients that are behind."""
        unbroken = 0
        while not self.done:
            await self._going.wait()
            frame = self.frames[self.position]
            early = self._start + frame.at / self._speed - self._now()
            if early > 0.001 or unbroken >= BREATH_FRAMES:
                unbroken = 0
                await asyncio.sleep(max(0.0, early))
                await drained()
                continue
            for action in self._marks.pop(self.position, ()):
                action()
            if self._going.is_set():
                unbroken += 1
                self.position += 1
                self._send(frame)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class Encoded:
    """Frames as bytes, each made once for all that see it alike."""

    def __init__(self) -> None:
        self._text = ""
        self._bytes = b""

    def __call__(self, text: str) -> bytes:
        if text is not self._text:
            self._text, self._bytes = text, frame_bytes(text)
        return self._bytes


UNLIMITED = math.inf
"""A speed: all at once, no faster than the clients take it."""
