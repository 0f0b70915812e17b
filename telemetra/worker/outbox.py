"""What the pipeline's process says to the server: handed over at once, written by a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from io import RawIOBase

from telemetra.leader import Role
from telemetra.live.base import Publication
from telemetra.model.event import StreamKey
from telemetra.model.window import Snapshot
from telemetra.worker.messages import (
    Changed,
    Committed,
    Failed,
    FromPipeline,
    Overflowed,
    Published,
    RoleChanged,
    framed,
)

MOST_WAITING = 100_000
"""Moments, events and streams in messages that may wait for a server that takes nothing."""

SNAPSHOTS_A_MESSAGE = 500


class Outbox:
    """Never blocks the pipeline and never raises for a slow server. Any thread may put something in.

    Of snapshots only the newest of each stream waits, and behind the rest: they never tell of a commit whose moments
    were not told before. When too much of the rest waits, all of it is left out and the server told so.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._waiting: deque[tuple[FromPipeline, int]] = deque()
        self._weight = 0
        self._snapshots: dict[StreamKey, Snapshot] = {}
        self._committed = 0

    # The ports of the pipeline

    def publish(self, publication: Publication) -> None:
        weight = len(publication.moments) + len(publication.events)
        with self._ready:
            for snapshot in publication.snapshots:
                self._snapshots[snapshot.workspace_id, snapshot.stream_id] = snapshot
            self._committed = max(self._committed, publication.committed)
            if weight or publication.replayed:
                publication.snapshots = []
                self._put(Published(publication), weight)
            self._ready.notify()

    def subscribe(self, deliver: Callable[[Publication], None]) -> None:
        raise NotImplementedError("the server subscribes where it receives")

    async def changed(self, streams: Sequence[StreamKey]) -> None:
        self.say(Changed(list(streams)), len(streams))

    def committed(self, items: int, seconds: float) -> None:
        self.say(Committed(items, seconds))

    def failed(self, error: Exception) -> None:
        self.say(Failed(type(error).__name__))

    def role(self, role: Role) -> None:
        self.say(RoleChanged(role))

    def say(self, message: FromPipeline, weight: int = 0) -> None:
        with self._ready:
            self._put(message, weight)
            self._ready.notify()

    def _put(self, message: FromPipeline, weight: int) -> None:
        self._weight += weight + 1
        if self._weight > MOST_WAITING:
            left_out = [waiting for waiting, _ in self._waiting]
            roles = [lost for lost in left_out if isinstance(lost, RoleChanged)]
            told: list[FromPipeline] = [Overflowed(sum(map(_events, left_out))), *roles[-1:]]
            self._waiting = deque((each, 1) for each in told)
            self._weight = len(told) + weight + 1
        self._waiting.append((message, weight + 1))

    # The thread that writes

    def write_to(self, pipe: RawIOBase) -> None:
        """Write what is put in, for ever: until the other end is closed."""
        while True:
            rest = memoryview(framed(self.take()))
            try:
                while rest:
                    rest = rest[pipe.write(rest) or 0 :]
            except OSError:
                return  # whoever watches for the server's end sees it too

    def take(self) -> FromPipeline:
        """The next message; waits for one."""
        with self._ready:
            while not self._waiting and not self._snapshots:
                self._ready.wait()
            if self._waiting:
                message, weight = self._waiting.popleft()
                self._weight -= weight
                return message
            keys = list(self._snapshots)[:SNAPSHOTS_A_MESSAGE]
            return Published(Publication([self._snapshots.pop(key) for key in keys], [], self._committed))


def _events(message: FromPipeline) -> int:
    if isinstance(message, Overflowed):
        return message.events
    return len(message.publication.events) if isinstance(message, Published) else 0
