"""The Relay port: how the pipeline's news reaches the hubs of all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from telemetra.model.event import Event, Run
from telemetra.model.moment import Moment
from telemetra.model.window import Snapshot

FeedEvent = tuple[int, Event]
"""(log offset, event)."""


def feed_events(archived: Iterable[tuple[int, Run, str]]) -> list[FeedEvent]:
    """What `/api/realtime` shows of archived events (offset of the first, events, disposition), in the order given:
    those that came in a session of a connector or of a browser that saves."""
    shown = [(offset, run) for offset, run, _ in archived if run.session_id is not None]
    return [(offset + at, run.event(at)) for offset, run in shown for at in range(len(run))]


class Publication(msgspec.Struct):
    """What the pipeline says after a tick or a commit.

    `snapshots` may describe events that are not committed yet; `moments` and `events` are committed, at or before
    `committed`, the last applied offset. `events` are the feed events of the archive, in the log's order, each
    published once; `events_dropped` says how many before them had to be left out as too many waited. `replayed` marks
    the moments that a new owner publishes again after a start.
    """

    snapshots: list[Snapshot]
    moments: list[Moment]
    committed: int
    replayed: bool = False
    events: list[FeedEvent] = msgspec.field(default_factory=list)
    events_dropped: int = 0


class Relay(Protocol):
    """`publish` is called by the pipeline, on any thread: it never blocks and never raises for a slow subscriber.

    `subscribe` is called once by each hub from its event loop; `deliver` then runs on that loop, in publishing order.
    """

    def publish(self, publication: Publication) -> None: ...

    def subscribe(self, deliver: Callable[[Publication], None]) -> None: ...
