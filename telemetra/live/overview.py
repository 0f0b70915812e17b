"""All streams of a workspace at once: one frame per tick for everybody who watches the list of streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from telemetra.kinds.base import Kind
from telemetra.live.channel import Channel
from telemetra.live.feed import Presenter, StreamFeed
from telemetra.live.feed_board import FeedBoard
from telemetra.live.frames import Frame
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.observability import Metrics

ROWS_PER_TURN = 64
"""Rows built between two turns of the event loop: about a millisecond."""

_encode = msgspec.json.Encoder().encode


class Watcher:
    """One client. `behind`: it was too slow for a frame of changes, or is new, and needs all rows next."""

    __slots__ = ("behind", "channel", "transport", "workspace_id")

    def __init__(self, workspace_id: str, channel: Channel, transport: str) -> None:
        self.workspace_id = workspace_id
        self.channel = channel
        self.transport = transport
        self.behind = True


class Overview:
    """The part of the hub for those who watch every stream: it remembers which changed since the last tick.

    A slow client costs nothing: it is left out while it is slow and then gets all rows once, so nothing waits for it.
    """

    def __init__(
        self, kinds: Mapping[str, Kind], presenter: Presenter, metrics: Metrics, anomaly_z: float, board: FeedBoard
    ) -> None:
        self._presenter = presenter
        self._metrics = metrics
        self._anomaly_z = anomaly_z
        self._shown = {name: kind.headlines() for name, kind in kinds.items()}
        self._watchers: dict[Watcher, None] = {}
        self._changed: dict[StreamKey, StreamFeed] = {}
        self._board = board
        self._stale: set[StreamKey] = set()

    def __len__(self) -> int:
        return len(self._watchers)

    def channels(self) -> list[Channel]:
        return [watcher.channel for watcher in self._watchers]

    def add(self, watcher: Watcher) -> None:
        self._watchers[watcher] = None

    def remove(self, watcher: Watcher) -> None:
        del self._watchers[watcher]
        if not self._watchers:
            self._changed.clear()

    def touch(self, feed: StreamFeed) -> None:
        """Its snapshot or its newest moment is another one now."""
        if self._watchers:
            self._changed[feed.key] = feed

    async def tick(self, feeds: Mapping[StreamKey, StreamFeed], now: int) -> None:
        """Send what changed to those who keep up and everything to those who are behind."""
        if not self._watchers:
            return
        self._touch_stale(feeds, now)
        changed, self._changed = self._changed, {}
        for workspace_id in {watcher.workspace_id for watcher in self._watchers}:
            await self._send(workspace_id, changed, feeds, now)

    def _touch_stale(self, feeds: Mapping[StreamKey, StreamFeed], now: int) -> None:
        """A silent stream changes by its silence alone, and nothing comes that would say so."""
        stale = {
            key
            for key, feed in feeds.items()
            if feed.snapshot is not None and self._board.stale(key, now - feed.snapshot.data_at)
        }
        for key in stale ^ self._stale:
            if key in feeds:
                self._changed[key] = feeds[key]
        self._stale = stale

    async def welcome(self, watcher: Watcher, feeds: Mapping[StreamKey, StreamFeed], now: int) -> None:
        """All rows, at once."""
        if watcher.channel.open and not watcher.channel.paused:
            watcher.behind = False
            watcher.channel.write(await self._frame(watcher.workspace_id, feeds.values(), now, complete=True))

    async def _send(
        self,
        workspace_id: str,
        changed: Mapping[StreamKey, StreamFeed],
        feeds: Mapping[StreamKey, StreamFeed],
        now: int,
    ) -> None:
        part = await self._frame(workspace_id, changed.values(), now, complete=False)
        whole: Frame | None = None
        for watcher in tuple(self._watchers):
            if watcher.workspace_id != workspace_id:
                continue
            if watcher.channel.paused:
                watcher.behind = True
                self._metrics.frames_dropped.labels(reason="superseded").inc()
            elif not watcher.behind:
                watcher.channel.write(part)
                self._metrics.frames_sent.inc()
            else:
                whole = whole or await self._frame(workspace_id, feeds.values(), now, complete=True)
                watcher.behind = False
                watcher.channel.write(whole)
                self._metrics.frames_sent.inc()

    async def _frame(self, workspace_id: str, feeds: Iterable[StreamFeed], now: int, *, complete: bool) -> Frame:
        rows = []
        for feed in tuple(feeds):
            if feed.key[0] == workspace_id and (feed.snapshot is not None or feed.newest_moment is not None):
                rows.append(self._row(feed, now))
                if len(rows) % ROWS_PER_TURN == 0:
                    await asyncio.sleep(0)
        message = {"type": "streams", "timestamp": rfc3339(now), "complete": complete, "streams": rows}
        return Frame(_encode(message))

    def _row(self, feed: StreamFeed, now: int) -> dict[str, Any]:
        row: dict[str, Any] = {"stream_id": feed.key[1]}
        snapshot = feed.snapshot
        if snapshot is not None:
            fields = self._presenter.fields(snapshot)
            row |= {
                "kind": snapshot.kind,
                "timestamp": rfc3339(snapshot.window_end),
                "metrics": {name: fields[name] for name in self._shown[snapshot.kind] if name in fields},
                "is_anomaly": snapshot.z_score is not None and abs(snapshot.z_score) > self._anomaly_z,
                "has_data": snapshot.has_data,
                "stale": self._board.stale(feed.key, now - snapshot.data_at),
                "data_age_seconds": max(0.0, round((now - snapshot.data_at) / SECOND, 3)),
            }
        if feed.newest_moment is not None:
            row["last_moment"] = moment_in_short(feed.newest_moment)
        return row


def moment_in_short(moment: Moment) -> dict[str, Any]:
    """A moment as it stands in lists of streams: without its evidence."""
    return {
        "moment_id": str(moment.moment_id),
        "version": moment.version,
        "timestamp": rfc3339(moment.timestamp),
        "ended_at": None if moment.ended_at is None else rfc3339(moment.ended_at),
        "moment_type": moment.moment_type,
        "description": moment.description,
        "severity": moment.severity,
    }
