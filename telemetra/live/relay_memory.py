"""The Relay within one process: from whoever hears the pipeline to the event loop of each hub."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable

from telemetra.live.base import Publication

MAX_WAITING = 64
"""Publications that may wait for a hub whose loop is busy; further ones are merged into the last."""

MAX_EVENTS = 100_000
"""Feed events that a merged publication may hold; of more the oldest are left out and counted."""

_logger = logging.getLogger(__name__)


def merge(earlier: Publication, later: Publication) -> Publication:
    """Both publications as one: the newest snapshot of each stream, all moments in order, the newest events."""
    snapshots = {(s.workspace_id, s.stream_id): s for p in (earlier, later) for s in p.snapshots}
    events = earlier.events + later.events
    excess = max(0, len(events) - MAX_EVENTS)
    return Publication(
        snapshots=list(snapshots.values()),
        moments=earlier.moments + later.moments,
        committed=max(earlier.committed, later.committed),
        replayed=earlier.replayed and later.replayed,
        events=events[excess:],
        events_dropped=earlier.events_dropped + later.events_dropped + excess,
    )


class MemoryRelay:
    """See `Relay`. A hub that cannot keep up gets merged publications: it misses old snapshots, never a moment."""

    def __init__(self) -> None:
        self._mailboxes: tuple[_Mailbox, ...] = ()

    def publish(self, publication: Publication) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(publication)

    def subscribe(self, deliver: Callable[[Publication], None]) -> None:
        self._mailboxes += (_Mailbox(asyncio.get_running_loop(), deliver),)


class _Mailbox:
    """What waits for one hub. `put` runs on any thread, `_deliver_all` on the hub's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[Publication], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._lock = threading.Lock()
        self._waiting: deque[Publication] = deque()

    def put(self, publication: Publication) -> None:
        with self._lock:
            first = not self._waiting
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append(publication)
            else:
                self._waiting[-1] = merge(self._waiting[-1], publication)
        if first:
            try:
                self._loop.call_soon_threadsafe(self._deliver_all)
            except RuntimeError:  # the loop is closed: the hub has stopped, the pipeline has not noticed yet
                _logger.debug("a publication came after the hub had stopped")

    def _deliver_all(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for publication in waiting:
            try:
                self._deliver(publication)
            except Exception:  # one publication must not cost the ones behind it
                _logger.exception("a publication could not be delivered to the live clients")
