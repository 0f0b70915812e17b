"""`/api/realtime`: committed feed events to every client whose filter fits, all of it on one event loop.

Clients of the same filter form a group, whose frames wait in one list: a client is a place in it, so that a slow one
costs no memory of its own. What all have been sent is forgotten. A group keeps no more than its share of the budget; a
client that falls behind the oldest kept frame is told how many it missed, and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from telemetra.clock import Clock
from telemetra.errors import Unavailable
from telemetra.live import realtime_frames as frames
from telemetra.live.base import FeedEvent, Publication
from telemetra.live.channel import Channel
from telemetra.live.frames import Frame, ping
from telemetra.live.realtime_frames import DataUpdate
from telemetra.live.subscriber import RESTARTING
from telemetra.observability import Metrics

EVENTS_PER_TURN = 300
MOST_PER_TURN = 3_000
"""Events encoded between two turns of the event loop, some 2 ms. Of many that wait it is a quarter, up to 20 ms: turns
are long where so much comes in, and a fixed number a turn would fall behind for ever."""
WRITES_PER_TURN = 256
CHUNK_BYTES = 64 * 1024
"""What is written to a client at a time: together with the high-water mark, all that waits for it in its transport."""
MAX_PENDING = 100_000
"""Events that may wait to be encoded."""
TRANSPORT = "realtime"


class Filter(NamedTuple):
    """What a client wants; None: whatever it is."""

    workspace_id: str
    exchange: str | None = None
    instrument: str | None = None
    connector_id: str | None = None

    def named(self) -> dict[str, str]:
        """The conditions that there are."""
        given = {"exchange": self.exchange, "instrument": self.instrument, "connector_id": self.connector_id}
        return {name: value for name, value in given.items() if value is not None}


class _Group:
    """The clients of one filter. `frames` are those from number `first` on that not all of them have been sent."""

    __slots__ = ("bytes", "clients", "filter", "first", "frames")

    def __init__(self, wanted: Filter) -> None:
        self.filter = wanted
        self.clients: dict[RealtimeClient, None] = {}
        self.frames: list[Frame] = []
        self.first = 0
        self.bytes = 0

    @property
    def end(self) -> int:
        return self.first + len(self.frames)

    def add(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.bytes += _size(frame)

    def skip(self, count: int) -> None:
        """So many events are left out: to every client they count as missed, with all that still waits for it."""
        self.forget(len(self.frames))
        self.first += count

    def forget(self, count: int) -> None:
        self.bytes -= sum(map(_size, self.frames[:count]))
        del self.frames[:count]
        self.first += count

    def trim(self, budget_bytes: int) -> None:
        """Forget what everybody has been sent, and the oldest of what is more than may wait."""
        sent = min((client.position for client in self.clients), default=self.end) - self.first
        excess, size = 0, self.bytes
        while size > budget_bytes:
            size -= _size(self.frames[excess])
            excess += 1
        if count := max(sent, excess, 0):
            self.forget(count)


class RealtimeClient:
    """`position` is the number of the frame that comes next."""

    __slots__ = ("_metrics", "channel", "group", "position")

    def __init__(self, group: _Group, channel: Channel, metrics: Metrics) -> None:
        self.group = group
        self.channel = channel
        self.position = group.end
        self._metrics = metrics
        channel.on_change = self.pump

    def pump(self) -> None:
        """Write what the client can take now."""
        group, channel = self.group, self.channel
        while channel.open and not channel.paused and self.position < group.end:
            if self.position < group.first:
                lost = group.first - self.position
                self.position = group.first
                self._metrics.frames_dropped.labels(reason="behind").inc(lost)
                channel.write(frames.dropped(lost))
                continue
            start = self.position - group.first
            stop, size = start, 0
            while stop < len(group.frames) and size < CHUNK_BYTES:
                size += len(group.frames[stop].payload)
                stop += 1
            self.position += stop - start
            self._metrics.frames_sent.inc(stop - start)
            channel.write_all(group.frames[start:stop])


class RealtimeHub:
    """`deliver` takes publications (see Relay), `deliver_stored` what a standby reads; `run` spreads their events until
    it is cancelled."""

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: Metrics,
        ping_seconds: float = 30.0,
        buffer_bytes: int = 32 * 1024 * 1024,
        max_connections: int = 20_000,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._ping_seconds = ping_seconds
        self._buffer_bytes = buffer_bytes
        self._max_connections = max_connections
        self._groups: dict[Filter, _Group] = {}
        self._connections = 0
        self._pending: deque[FeedEvent] = deque()
        self._wake = asyncio.Event()
        self._own_from: int | None = None
        self._polled_until = -1

    # What comes in

    def deliver(self, publication: Publication) -> None:
        """Take what the pipeline of this process has committed."""
        events = publication.events
        if events and events[0][0] <= self._polled_until:
            events = [entry for entry in events if entry[0] > self._polled_until]
        if events and self._own_from is None:
            self._own_from = events[0][0]
        self._take(events, publication.events_dropped)

    def deliver_stored(self, events: Sequence[FeedEvent], *, leading: bool) -> None:
        """Take what was read from the tables: what other processes have committed.

        One that has just become the leader (`leading`) reads once more; what it has committed itself came already.
        """
        if not leading:
            self._own_from = None
        elif self._own_from is not None:
            events = [entry for entry in events if entry[0] < self._own_from]
        if events:
            self._polled_until = events[-1][0]
        self._take(events, 0)

    def _take(self, events: Sequence[FeedEvent], lost: int) -> None:
        if not self._groups:
            return
        self._pending.extend(events)
        while len(self._pending) > MAX_PENDING:
            self._pending.popleft()
            lost += 1
        if lost:
            for group in self._groups.values():
                group.skip(lost)
        if self._pending:
            self._wake.set()

    def broadcast(self, update: DataUpdate) -> int:
        """Send a message to every client, whatever its filter; returns how many there are."""
        frame = frames.encoded(update)
        for group in self._groups.values():
            group.add(frame)
            for client in tuple(group.clients):
                client.pump()
            self._trim(group)
        return self._connections

    async def run(self) -> None:
        """Spread and ping until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ping_for_ever())
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._pending:
                    await self.spread()
                    await asyncio.sleep(0)

    async def spread(self) -> None:
        """Encode and write the next events that wait."""
        waiting = len(self._pending)
        count = min(waiting, max(EVENTS_PER_TURN, min(MOST_PER_TURN, waiting // 4)))
        batch = [self._pending.popleft() for _ in range(count)]
        writes = 0
        for group in self._sort(batch):
            for client in tuple(group.clients):
                client.pump()
                writes += 1
                if writes % WRITES_PER_TURN == 0:
                    await asyncio.sleep(0)
            self._trim(group)

    def _sort(self, batch: Sequence[FeedEvent]) -> list[_Group]:
        """Append each event to the groups that it fits; returns those that got any."""
        groups = self._groups
        shapes = {tuple(value is not None for value in wanted) for wanted in groups}
        touched: dict[_Group, None] = {}
        for entry in batch:
            update, frame = frames.data_update(entry)
            full = (entry[1].workspace_id, update.exchange, update.instrument, update.connector_id)
            for shape in shapes:
                # A tuple finds the filter that is equal to it.
                wanted = tuple([value if asked else None for value, asked in zip(full, shape, strict=True)])
                group = groups.get(wanted)  # type: ignore[call-overload]
                if group is not None:
                    group.add(frame)
                    touched[group] = None
        return list(touched)

    def _trim(self, group: _Group) -> None:
        group.trim(self._buffer_bytes // max(1, len(self._groups)))

    async def _ping_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._ping_seconds)
            frame = ping(self._clock())
            for client in tuple(self._clients()):
                if not client.channel.paused:
                    client.channel.write(frame)

    # Clients

    def connect(self, wanted: Filter, channel: Channel) -> RealtimeClient:
        """Send `connected` and take the client in. Raises Unavailable when the process has as many as it may."""
        if self.full:
            raise Unavailable("This process has as many live connections as it may.", retry_after_seconds=5)
        channel.write(frames.connected(self._clock(), wanted.named()))
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = _Group(wanted)
        client = RealtimeClient(group, channel, self._metrics)
        group.clients[client] = None
        self._connections += 1
        self._metrics.live_connections.labels(transport=TRANSPORT).inc()
        return client

    def disconnect(self, client: RealtimeClient) -> None:
        group = client.group
        del group.clients[client]
        self._connections -= 1
        self._metrics.live_connections.labels(transport=TRANSPORT).dec()
        if not group.clients:
            del self._groups[group.filter]
        if not self._groups:
            self._pending.clear()

    def close(self) -> None:
        """The process is going away."""
        for client in tuple(self._clients()):
            client.channel.close(RESTARTING, "restarting")

    @property
    def full(self) -> bool:
        return self._connections >= self._max_connections

    @property
    def connections(self) -> int:
        return self._connections

    def _clients(self) -> Iterator[RealtimeClient]:
        for group in self._groups.values():
            yield from group.clients


def _size(frame: Frame) -> int:
    return len(frame.payload) + len(frame.websocket)
