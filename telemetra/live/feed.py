"""What a hub keeps of one stream: its newest snapshot, its recent moments and its subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from telemetra.engine.plan import KindPlan
from telemetra.kinds.base import Kind
from telemetra.live.frames import Frame, FrameBuilder, recent_moment
from telemetra.live.subscriber import Subscriber
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.window import MINUTE, SECOND, Snapshot

RECENT_MOMENTS = 5
UNKNOWN_STREAM_KIND = "broadcast"
"""The kind whose fields an update about a stream without any event has, all of them zero or null."""


class Presenter:
    """Snapshots as metrics fields, by the declaration of their kind."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        kind = kinds[UNKNOWN_STREAM_KIND]
        self._nothing = kind.present(KindPlan(kind).empty_values(), MINUTE / SECOND)

    def fields(self, snapshot: Snapshot | None) -> dict[str, Any]:
        if snapshot is None:
            return self._nothing
        return self._kinds[snapshot.kind].present(snapshot.values, snapshot.seconds)


class StreamFeed:
    """`touched_at` is the time (microseconds) of the newest sign of life: an event's arrival or a moment."""

    __slots__ = ("_frame", "_recent", "key", "newest_moment", "recalled", "snapshot", "subscribers", "touched_at")

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.snapshot: Snapshot | None = None
        self.subscribers: dict[Subscriber, None] = {}  # ordered: sockets opened together lie together in the kernel
        self.newest_moment: Moment | None = None
        self.recalled = False
        self.touched_at = 0
        self._recent: dict[UUID, tuple[int, int, msgspec.Raw]] = {}
        self._frame: Frame | None = None

    def update(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.touched_at = max(self.touched_at, snapshot.data_at)
        self._frame = None

    def add_moment(self, moment: Moment) -> None:
        """Keep the newest version of each of the newest moments, by onset."""
        known = self._recent.get(moment.moment_id)
        if known is not None and known[1] >= moment.version:
            return
        if self.newest_moment is None or moment.timestamp >= self.newest_moment.timestamp:
            self.newest_moment = moment
        self._recent[moment.moment_id] = (moment.timestamp, moment.version, recent_moment(moment))
        if len(self._recent) > RECENT_MOMENTS:
            del self._recent[min(self._recent, key=lambda moment_id: self._recent[moment_id][0])]
        self._frame = None

    def build(self, frames: FrameBuilder, presenter: Presenter, now: int, *, offset: int) -> Frame:
        """A fresh update."""
        newest_first = sorted(self._recent.values(), key=lambda entry: entry[0], reverse=True)
        recent = [encoded for _, _, encoded in newest_first]
        self._frame = frames.metrics(
            self.key, self.snapshot, presenter.fields(self.snapshot), recent, now=now, offset=offset
        )
        return self._frame

    def newest(self, frames: FrameBuilder, presenter: Presenter, now: int, *, offset: int) -> Frame:
        """The update of this tick if nothing has changed since, else a fresh one."""
        if self._frame is not None and self._frame.offset == offset:
            return self._frame
        return self.build(frames, presenter, now, offset=offset)
