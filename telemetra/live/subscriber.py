"""One live client: what it has been sent, what it still must be sent, and when it is too slow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from telemetra.live.channel import Channel
from telemetra.live.frames import Frame, MomentKey
from telemetra.model.event import StreamKey

TOO_SLOW = 4008
"""Close code: more waited for the client than may. It can connect again and resume: no moment is lost."""
TRY_AGAIN_LATER = 1013
"""Close code (IANA): the server cannot do now what was asked."""
RESTARTING = 1012
"""Close code (IANA): the server is going away; connect again."""

SENT_KEYS_MAX = 1024
"""Moment versions remembered per connection: many times what a stream can raise in the 10 minutes that the pipeline
publishes again after a start."""


class Subscriber:
    """Frames of one stream on their way to one client, in order.

    Snapshots: while the channel is paused only the newest is kept. Moments: each (moment_id, version) once, never
    dropped; when what waits exceeds `budget_bytes` the channel is closed with TOO_SLOW. While a resume is under way
    everything live is held back, so that no frame claims an offset whose moments have not been sent. `superseded`
    counts snapshots that a newer one replaced, `overflowed` is 1 once the budget was full.
    """

    __slots__ = (
        "_budget_bytes",
        "_held_bytes",
        "_held_moments",
        "_held_snapshot",
        "_sent",
        "_waiter",
        "channel",
        "key",
        "overflowed",
        "resuming",
        "superseded",
        "transport",
    )

    def __init__(self, key: StreamKey, channel: Channel, transport: str, budget_bytes: int) -> None:
        self.key = key
        self.channel = channel
        self.transport = transport
        self.resuming = False
        self.superseded = 0
        self.overflowed = 0
        self._budget_bytes = budget_bytes
        self._held_moments: dict[MomentKey, Frame] = {}
        self._held_bytes = 0
        self._held_snapshot: Frame | None = None
        self._sent: dict[MomentKey, None] = {}
        self._waiter: asyncio.Future[None] | None = None
        channel.on_change = self._channel_changed

    def offer(self, frame: Frame) -> None:
        """Send a snapshot now, or keep it until the client can take it; a newer one replaces it."""
        channel = self.channel
        if channel.paused or self.resuming:
            if self._held_snapshot is not None:
                self.superseded += 1
            self._held_snapshot = frame
        else:
            channel.write(frame)

    def idle_socket(self) -> int:
        """The file descriptor to which the next snapshot may be written at once, -1 where it may not."""
        return -1 if self.resuming else self.channel.idle_socket()

    def push(self, key: MomentKey, frame: Frame) -> None:
        """Send a moment that has just been committed, behind what waits already."""
        if key in self._sent:
            return
        if not self.resuming:
            self._remember(key)
            self.send(frame)
        elif key not in self._held_moments:
            self._held_moments[key] = frame
            self._held_bytes += len(frame.payload)
            self._close_if_over_budget()

    def send(self, frame: Frame) -> None:
        """Send a frame that may not be dropped."""
        self.channel.write(frame)
        self._close_if_over_budget()

    def ping(self, frame: Frame) -> None:
        """A client for which frames wait needs no ping."""
        if not self.channel.paused:
            self.channel.write(frame)

    async def replay(self, moments: Iterable[tuple[MomentKey, Frame]]) -> None:
        """Send stored moments as fast as the client reads, then what was held back. Ends a resume.

        A moment that was raised meanwhile may be in both: it is sent once, at its place in the history.
        """
        for key, frame in moments:
            if not self.channel.open:
                return
            held = self._held_moments.pop(key, None)
            if held is not None:
                self._held_bytes -= len(held.payload)
            if key in self._sent:
                continue
            self._remember(key)
            self.channel.write(frame)
            while self.channel.paused and self.channel.open:
                await self._change()
        self.resuming = False
        held_moments, self._held_moments, self._held_bytes = self._held_moments, {}, 0
        for key, frame in held_moments.items():
            self.push(key, frame)
        self._held_snapshot = None  # the resume ends with the newest one

    def _remember(self, key: MomentKey) -> None:
        self._sent[key] = None
        if len(self._sent) > SENT_KEYS_MAX:
            del self._sent[next(iter(self._sent))]

    def _close_if_over_budget(self) -> None:
        if self.channel.open and self._held_bytes + self.channel.waiting_bytes() > self._budget_bytes:
            self.overflowed = 1
            self.channel.close(TOO_SLOW, "too slow")

    def _channel_changed(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._held_snapshot is not None and not self.resuming:
            frame, self._held_snapshot = self._held_snapshot, None
            self.channel.write(frame)

    async def _change(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
        self._waiter = None
