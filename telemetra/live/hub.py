"""The hub: what the pipeline publishes, to every live client of this process.

All of it runs on one event loop. What a client costs per tick is one write of bytes that are built once per stream.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping

from telemetra.clock import Clock
from telemetra.errors import Unavailable
from telemetra.kinds.base import Kind
from telemetra.live.base import Publication
from telemetra.live.channel import Channel
from telemetra.live.feed import RECENT_MOMENTS, Presenter, StreamFeed
from telemetra.live.feed_board import FeedBoard
from telemetra.live.frames import Frame, FrameBuilder, ping
from telemetra.live.history import MomentHistory, ReplayReader
from telemetra.live.overview import Overview, Watcher
from telemetra.live.spread import offer_to_all
from telemetra.live.subscriber import RESTARTING, TRY_AGAIN_LATER, Subscriber
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.window import SECOND
from telemetra.observability import Metrics

WRITES_PER_TURN = 256
"""Writes between two turns of the event loop: about 3 ms, so that thousands of clients delay no request."""
BUILD_COST = 4
"""An update costs about as much to build as so many writes."""
IDLE_SECONDS = 600
SWEEP_SECONDS = 30

_logger = logging.getLogger(__name__)


class Hub:
    """Feeds and subscribers of one process.

    `deliver` is handed to `Relay.subscribe` (or called by whatever else feeds this hub); `run` ticks until it is
    cancelled. A transport calls `connect`, then awaits `welcome` (or `resume`), and at the end `disconnect`.
    `epoch` is the log's identity, `committed` the last applied offset when the process started.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        kinds: Mapping[str, Kind],
        history: MomentHistory,
        metrics: Metrics,
        epoch: str,
        committed: int = 0,
        interval_seconds: float = 1.5,
        ping_seconds: float = 30.0,
        client_bytes: int = 1024 * 1024,
        max_connections: int = 20_000,
        anomaly_z: float = 3.0,
        board: FeedBoard | None = None,
    ) -> None:
        board = board or FeedBoard()
        self.frames = FrameBuilder(epoch, anomaly_z, board)
        self.committed = committed
        self._metrics = metrics
        self._clock = clock
        self._history = history
        self._replays = ReplayReader(history, self.frames)
        self._presenter = Presenter(kinds)
        self._overview = Overview(kinds, self._presenter, metrics, anomaly_z, board)
        self._interval_seconds = interval_seconds
        self._client_bytes = client_bytes
        self._max_connections = max_connections
        self._ping_ticks = max(1, round(ping_seconds / interval_seconds))
        self._sweep_ticks = max(1, round(SWEEP_SECONDS / interval_seconds))
        self._ticks = 0
        self._connections = 0
        self._published = 0
        self._feeds: dict[StreamKey, StreamFeed] = {}
        self._watched: dict[StreamKey, StreamFeed] = {}

    # What comes in

    def deliver(self, publication: Publication) -> None:
        """Take the newest snapshots (clients get them at the next tick) and push committed moments at once."""
        for snapshot in publication.snapshots:
            feed = self._feed((snapshot.workspace_id, snapshot.stream_id))
            feed.update(snapshot)
            self._overview.touch(feed)
        by_stream: dict[StreamKey, list[Moment]] = {}
        for moment in publication.moments:
            by_stream.setdefault((moment.workspace_id, moment.stream_id), []).append(moment)
        committed = max(self.committed, publication.committed)
        if by_stream:
            self._published += 1
            now = self._clock()
            for key, moments in by_stream.items():
                feed = self._feed(key)
                feed.touched_at = max(feed.touched_at, now)
                self._overview.touch(feed)
                self._push(feed, moments, committed)
        self.committed = committed

    def _push(self, feed: StreamFeed, moments: list[Moment], committed: int) -> None:
        for position, moment in enumerate(moments):
            feed.add_moment(moment)
            if not feed.subscribers:
                continue
            last = position + 1 == len(moments)  # with it everything up to `committed` has been sent
            frame = self.frames.moment(moment, committed if last else self.committed)
            key = (moment.moment_id, moment.version)
            for subscriber in feed.subscribers:
                subscriber.push(key, frame)
            self._metrics.frames_sent.inc(len(feed.subscribers))

    # Clients

    def connect(
        self, key: StreamKey, channel: Channel, transport: str, *, resume_from: tuple[str, int] | None = None
    ) -> Subscriber:
        """Send `connected` and take the client in. Raises Unavailable when the process has as many as it may.

        `transport` names it in the process's metrics. `resume_from` (epoch, offset) is given by a client that will be
        resumed before it gets anything else.
        """
        if self.full:
            raise Unavailable("This process has as many live connections as it may.", retry_after_seconds=5)
        subscriber = Subscriber(key, channel, transport, self._client_bytes)
        offset = self.committed
        if resume_from is not None:
            subscriber.resuming = True
            offset = resume_from[1] if resume_from[0] == self.frames.epoch else 0
        connected = self.frames.connected(key[1], self._clock(), offset, resumed=resume_from is not None)
        channel.write(connected)
        feed = self._feed(key)
        feed.subscribers[subscriber] = None
        self._watched[key] = feed
        self._connections += 1
        self._metrics.live_connections.labels(transport=transport).inc()
        return subscriber

    def disconnect(self, subscriber: Subscriber) -> None:
        feed = self._feeds[subscriber.key]
        del feed.subscribers[subscriber]
        self._connections -= 1
        self._metrics.live_connections.labels(transport=subscriber.transport).dec()
        self._metrics.frames_dropped.labels(reason="superseded").inc(subscriber.superseded)
        self._metrics.frames_dropped.labels(reason="overflow").inc(subscriber.overflowed)
        if not feed.subscribers:
            del self._watched[subscriber.key]
            if feed.snapshot is None:  # nobody has heard of this stream: nothing to keep
                del self._feeds[subscriber.key]

    async def welcome(self, subscriber: Subscriber) -> None:
        """Send the newest snapshot to a client that has just connected and does not resume."""
        feed = self._feeds[subscriber.key]
        if not feed.recalled:
            feed.recalled = True
            await self._recall(feed)
        if not subscriber.resuming:
            subscriber.offer(self._newest(feed))

    async def resume(self, subscriber: Subscriber, epoch: str, offset: int) -> None:
        """Send the moments after (epoch, offset), then the newest snapshot; of another epoch all of the last 24 h.

        When they cannot be read the client is closed with TRY_AGAIN_LATER: whatever it got next would claim an
        offset whose moments it has not been sent.
        """
        if epoch != self.frames.epoch:
            subscriber.send(self.frames.resume_failed(0))
            offset = 0
        subscriber.resuming = True
        try:
            replay = await self._replays.after(subscriber.key, offset, self._published)
        except Exception:
            _logger.exception("the moments of a stream could not be read")
            subscriber.channel.close(TRY_AGAIN_LATER, "history unavailable")
            return
        await subscriber.replay(replay)
        if subscriber.channel.open:
            subscriber.offer(self._newest(self._feeds[subscriber.key]))

    def watch(self, workspace_id: str, channel: Channel, transport: str) -> Watcher:
        """Take in a client that watches all streams of a workspace. Raises Unavailable as `connect` does."""
        if self.full:
            raise Unavailable("This process has as many live connections as it may.", retry_after_seconds=5)
        watcher = Watcher(workspace_id, channel, transport)
        self._connections += 1
        self._metrics.live_connections.labels(transport=transport).inc()
        self._overview.add(watcher)
        channel.write(self.frames.watching(self._clock(), self._interval_seconds))
        return watcher

    async def welcome_watcher(self, watcher: Watcher) -> None:
        """Send all rows to a client that has just connected."""
        await self._overview.welcome(watcher, self._feeds, self._clock())

    def unwatch(self, watcher: Watcher) -> None:
        self._overview.remove(watcher)
        self._connections -= 1
        self._metrics.live_connections.labels(transport=watcher.transport).dec()

    async def _recall(self, feed: StreamFeed) -> None:
        try:
            recent = await self._history.recent(*feed.key, RECENT_MOMENTS)
        except Exception:
            feed.recalled = False
            _logger.exception("the recent moments of a stream could not be read")
            return
        for moment in recent:
            feed.add_moment(moment)

    # Ticks

    async def run(self) -> None:
        """Tick at the interval until cancelled; a tick that takes longer delays the next one, none is made up for."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._interval_seconds
        while True:
            await asyncio.sleep(due - loop.time())
            await self.tick()
            due = max(due + self._interval_seconds, loop.time())

    async def tick(self) -> None:
        """Build one update per stream that somebody watches and write it to everybody who does."""
        self._ticks += 1
        cost = 0
        for feed in tuple(self._watched.values()):
            try:
                frame = feed.build(self.frames, self._presenter, self._clock(), offset=self.committed)
            except Exception:  # a stream that cannot be shown must not silence the others
                _logger.exception("the update of a stream could not be built")
                continue
            cost += BUILD_COST
            subscribers = tuple(feed.subscribers)
            for start in range(0, len(subscribers), WRITES_PER_TURN):
                part = subscribers[start : start + WRITES_PER_TURN]
                offer_to_all(part, frame)
                cost += len(part)
                if cost >= WRITES_PER_TURN:
                    cost = 0
                    await asyncio.sleep(0)
            self._metrics.frames_sent.inc(len(subscribers))
        await self._overview.tick(self._feeds, self._clock())
        if self._ticks % self._ping_ticks == 0:
            await self._ping()
        if self._ticks % self._sweep_ticks == 0:
            self._sweep()

    async def _ping(self) -> None:
        frame = ping(self._clock())
        for position, subscriber in enumerate(tuple(self._subscribers())):
            subscriber.ping(frame)
            if position % WRITES_PER_TURN == 0:
                await asyncio.sleep(0)

    def _sweep(self) -> None:
        """Forget streams that nobody watches and that have been silent for ten minutes."""
        oldest = self._clock() - IDLE_SECONDS * SECOND
        idle = [key for key, feed in self._feeds.items() if not feed.subscribers and feed.touched_at < oldest]
        for key in idle:
            del self._feeds[key]

    def close(self) -> None:
        """The process is going away: end every connection in a way that clients answer by connecting again."""
        for channel in [subscriber.channel for subscriber in self._subscribers()] + self._overview.channels():
            channel.close(RESTARTING, "restarting")

    # What others may know

    @property
    def full(self) -> bool:
        return self._connections >= self._max_connections

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def watching(self) -> int:
        """Clients of all streams at once."""
        return len(self._overview)

    @property
    def kept(self) -> int:
        """Streams of which something is in memory."""
        return len(self._feeds)

    def subscribed(self) -> tuple[StreamKey, ...]:
        """The streams that somebody watches now."""
        return tuple(self._watched)

    def connections_by_stream(self) -> dict[StreamKey, int]:
        return {key: len(feed.subscribers) for key, feed in self._watched.items()}

    def _subscribers(self) -> Iterator[Subscriber]:
        for feed in self._watched.values():
            yield from feed.subscribers

    def _newest(self, feed: StreamFeed) -> Frame:
        return feed.newest(self.frames, self._presenter, self._clock(), offset=self.committed)

    def _feed(self, key: StreamKey) -> StreamFeed:
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = StreamFeed(key)
        return feed
