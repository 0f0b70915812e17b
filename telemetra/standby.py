"""What live clients are told by the tables: history to resume from, and everything while another process leads."""

from __future__ import annotations

from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.kinds.registry import Registry
from telemetra.live.base import Publication
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.window import MINUTE, SECOND, Snapshot
from telemetra.store.database import Database
from telemetra.store.feed_events import feed_events_after
from telemetra.store.metrics import list_minutes
from telemetra.store.moments import moments_after, moments_since, recent_moments
from telemetra.store.status import pipeline_status
from telemetra.store.streams import get_stream

HISTORY_SECONDS = 24 * 3600
ARRIVED_SECONDS = 48 * 3600
"""An event that is stored now has arrived no longer ago than this."""
PAGE_EVENTS = 5000


class StoredMoments:
    """The hub's MomentHistory: resume and recall answer from the table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def after(self, workspace_id: str, stream_id: str, offset: int) -> list[Moment]:
        since = self._clock() - HISTORY_SECONDS * SECOND
        return await moments_after(self._database, workspace_id, stream_id, offset, since=since)

    async def recent(self, workspace_id: str, stream_id: str, limit: int) -> list[Moment]:
        key = (workspace_id, stream_id)
        return (await recent_moments(self._database, [key], limit=limit))[key]


class TableFeed:
    """Feeds a hub by polling, for the streams that somebody watches: their newest stored minute and new moments."""

    def __init__(self, database: Database, registry: Registry, hub: Hub, clock: Clock, interval_seconds: float) -> None:
        self.interval_seconds = interval_seconds
        self._database = database
        self._registry = registry
        self._hub = hub
        self._clock = clock
        self._moments_since = clock()

    async def poll(self) -> None:
        """One look at the tables; a database that is away leaves what clients see as it is, and ageing."""
        try:
            committed = (await pipeline_status(self._database)).applied
            # Looked for with an overlap: the hub sends each version of a moment once.
            since, self._moments_since = self._moments_since - MINUTE, self._clock()
            moments = await moments_since(self._database, since)
            snapshots = [shot for key in self._hub.subscribed() if (shot := await self._snapshot(key)) is not None]
        except TelemetraError:
            return
        self._hub.deliver(Publication(snapshots, moments, committed))

    async def _snapshot(self, key: StreamKey) -> Snapshot | None:
        now = self._clock()
        stream = await get_stream(self._database, *key, live_after=now - 600 * SECOND)
        kind = self._registry.kinds.get(stream.kind) if stream is not None else None
        if stream is None or kind is None:
            return None
        minutes = await list_minutes(self._database, kind, *key, limit=1, start=None, end=None)
        if not minutes:
            return None
        newest = minutes[0]
        return Snapshot(
            workspace_id=key[0],
            stream_id=key[1],
            kind=kind.name,
            window_end=newest.window_end,
            seconds=MINUTE / SECOND,
            values=dict(newest.values),
            has_data=now - stream.last_event_at < MINUTE,
            data_at=stream.last_event_at,
            z_score=newest.z_score,
            baseline=newest.baseline,
        )


class StoredUpdates:
    """Feeds the clients of `/api/realtime` by one query for all of them, while there are any."""

    def __init__(self, database: Database, hub: RealtimeHub, clock: Clock) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock
        self._next: int | None = None

    async def poll(self, *, leading: bool) -> None:
        """Deliver what was committed since the last poll; the first one only looks where that begins."""
        if not self._hub.connections:
            self._next = None
            return
        try:
            applied = (await pipeline_status(self._database)).applied
            if self._next is not None:
                await self._read(self._next, applied, leading)
            self._next = applied
        except TelemetraError:  # the database is away: the next poll begins where this one did
            return

    async def _read(self, start: int, end: int, leading: bool) -> None:
        since = self._clock() - ARRIVED_SECONDS * SECOND
        while True:
            events = await feed_events_after(self._database, start - 1, end, since=since, limit=PAGE_EVENTS)
            self._hub.deliver_stored(events, leading=leading)
            if len(events) < PAGE_EVENTS:
                return
            self._next = start = events[-1][0] + 1
