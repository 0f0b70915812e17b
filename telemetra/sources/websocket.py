"""A WebSocket as a source: subscribed at every connect, kept alive, changed for a new one before its time is up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from telemetra.clock import Clock
from telemetra.errors import EgressRefused, HandshakeRefused, TelemetraError
from telemetra.model.connector import Ping, Position
from telemetra.sources.base import Incoming, Refused, SourceClosed
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outgoing import Outgoing

USUAL_PING = Ping(interval=20, pong_timeout=20)
REFUSING_CODES = {3000, 3003, 4401, 4403}
"""Close codes that mean unauthorized (3000, 3003: IANA) or copy HTTP's 401 and 403."""
REFUSING_STATUSES = {401, 403}

MOST_AT_ONCE = 256
OVERLAP_SECONDS = 5.0
"""How long a new connection may take to say its first word before the old one is closed all the same."""
ROTATE_AGAIN_SECONDS = 5.0
_MOST_EXTRA = 1000
_CLOSE_SECONDS = 1.0


class _Link:
    """One connection. `reason`: why we ended it ourselves."""

    def __init__(self, connection: ClientConnection, number: int, opened_at: float) -> None:
        self.connection = connection
        self.number = number
        self.opened_at = opened_at
        self.heard_at = opened_at
        self.reason: str | None = None

    def waiting(self) -> bool:
        """Whether something is received that was not read: then a missing pong says nothing."""
        return len(self.connection.recv_messages.frames) > 0

    def abort(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.connection.transport.abort()

    async def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(seconds):
                await self.connection.close()
        self.connection.transport.abort()


class WebSocketSource:
    """Implements `Source`. `ping` None: a ping of the protocol every 20 s. `rotate_after` in seconds, None: never."""

    polls = False
    position: Position | None = None

    def __init__(
        self,
        outgoing: Outgoing,
        guard: EgressGuard,
        clock: Clock,
        *,
        ping: Ping | None,
        rotate_after: float | None,
        timeout_seconds: float,
        max_bytes: int,
    ) -> None:
        self._outgoing = outgoing
        self._guard = guard
        self._clock = clock
        self._ping = ping or USUAL_PING
        self._rotate_after = rotate_after
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._link: _Link | None = None
        self._old: _Link | None = None  # after a planned change, until everything that it was sent is read
        self._number = 0
        self._extra: deque[Incoming] = deque()
        self._keepers: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        await self.close()
        self._extra.clear()
        self._link = link = await self._connect()
        self._keepers = [asyncio.create_task(self._keep_alive(link))]
        if self._rotate_after is not None:
            self._keepers.append(asyncio.create_task(self._keep_rotating(self._rotate_after)))

    async def read(self) -> list[Incoming]:
        while True:
            link = self._old or self._link
            if link is None:
                raise SourceClosed("the connection is closed")
            try:
                payload = await link.connection.recv()
            except ConnectionClosed as error:
                if link is self._old:
                    self._old = None
                elif self._link is link or self._link is None:
                    raise self._judge(link, error) from None
                if self._extra and self._old is None:
                    return self._said_first()
                continue
            now = self._clock()
            link.heard_at = _time()
            number = link.number
            messages = [Incoming(payload, now, number)]
            # What is there already, without waiting; a message whose rest is still to come is left for the next call.
            frames = link.connection.recv_messages.frames.queue
            while frames and frames[0].fin and len(messages) < MOST_AT_ONCE:
                try:
                    messages.append(Incoming(await link.connection.recv(), now, number))
                except ConnectionClosed:
                    break  # the next call meets it again
            return messages

    def _said_first(self) -> list[Incoming]:
        """What a new connection said while the old one was still read."""
        said = list(self._extra)
        self._extra.clear()
        return said

    def taken(self, understood: bool = True) -> None:
        """What was sent does not depend on what was read."""

    async def reply(self, text: str) -> None:
        if self._link is not None:
            await self._send(self._link, text)

    async def close(self) -> None:
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        links = self._link, self._old
        self._link = self._old = None
        for link in links:
            if link is not None:
                await link.close()

    def interrupt(self, reason: str) -> None:
        """End the connection at once: a waiting `read` raises SourceClosed with this reason."""
        if self._link is not None:
            self._link.abort(reason)

    async def _connect(self) -> _Link:
        """Open and subscribe; whatever goes wrong, nothing is left open."""
        url, headers = self._outgoing.handshake(self._clock())
        try:
            connection = await self._guard.connect(
                url,
                headers=headers,
                open_timeout_seconds=self._timeout_seconds,
                max_bytes=self._max_bytes,
                ping_interval_seconds=None,
            )
        except HandshakeRefused as error:
            if error.status in REFUSING_STATUSES:
                raise Refused(str(error)) from None
            raise
        except EgressRefused as error:
            raise Refused(str(error)) from None
        link = _Link(connection, self._number, _time())
        self._number += 1
        try:
            for text in self._outgoing.opening(self._clock()):
                await self._send(link, text)
        except BaseException:
            connection.transport.abort()
            raise
        return link

    async def _send(self, link: _Link, text: str) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await link.connection.send(text)
        except ConnectionClosed as error:
            raise self._judge(link, error) from None
        except TimeoutError:
            link.abort("the other side takes nothing")
            raise SourceClosed("the other side takes nothing") from None

    async def _keep_alive(self, link: _Link) -> None:
        """Pings for as long as this link is the one in use."""
        while self._link is link:
            await asyncio.sleep(self._ping.interval)
            try:
                if not await self._answers(link):
                    link.abort(f"no answer to a ping within {self._ping.pong_timeout:g} s")
                    return
            except (ConnectionClosed, TelemetraError):
                return  # the reader sees it

    async def _answers(self, link: _Link) -> bool:
        sent_at = _time()
        if self._ping.text is None and self._ping.json is None:
            pong = asyncio.ensure_future(await link.connection.ping())
            await asyncio.wait((pong,), timeout=self._ping.pong_timeout)
            return pong.done() or link.heard_at >= sent_at or link.waiting()
        text = self._ping.text
        await self._send(link, msgspec.json.encode(self._ping.json).decode() if text is None else text)
        await asyncio.sleep(self._ping.pong_timeout)
        return link.heard_at >= sent_at or link.waiting()

    async def _keep_rotating(self, after_seconds: float) -> None:
        while (link := self._link) is not None:
            await asyncio.sleep(max(0.0, link.opened_at + after_seconds - _time()))
            try:
                new = await self._connect()
            except TelemetraError:
                await asyncio.sleep(ROTATE_AGAIN_SECONDS)
                continue
            try:
                await self._listen(new)
            except BaseException:
                new.connection.transport.abort()
                raise
            if self._link is not link:  # lost meanwhile: the runner opens anew
                await new.close()
                return
            self._old, self._link = link, new
            self._keepers.append(asyncio.create_task(self._keep_alive(new)))
            self._keepers = [keeper for keeper in self._keepers if not keeper.done()]
            # The reader goes on with the old one until its end: what was on the way when the new one spoke is not lost.
            await link.close(OVERLAP_SECONDS)

    async def _listen(self, link: _Link) -> None:
        """Until the new connection has said something: then it is subscribed, and the old one may go."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(OVERLAP_SECONDS):
                while len(self._extra) < _MOST_EXTRA:
                    payload = await link.connection.recv()
                    self._extra.append(Incoming(payload, self._clock(), link.number))
                    if len(self._extra) >= len(self._outgoing.subscribe_messages) + 1:
                        return

    def _judge(self, link: _Link, error: ConnectionClosed) -> TelemetraError:
        if link.reason is not None:
            return SourceClosed(link.reason)
        frame = error.rcvd
        if frame is None:
            return SourceClosed("the connection was cut")
        said = self._outgoing.mask(frame.reason[:100])
        text = f"closed by the source with code {int(frame.code)}" + (f" ({said})" if said else "")
        if isinstance(error, ConnectionClosedError) and int(frame.code) in REFUSING_CODES:
            return Refused(text)
        return SourceClosed(text)


def _time() -> float:
    return asyncio.get_running_loop().time()
