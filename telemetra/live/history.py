"""Stored moments for clients that resume, and for the first client of a stream."""

from __future__ import annotations

import asyncio
from typing import Protocol

from telemetra.live.frames import Frame, FrameBuilder, MomentKey
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment

Replay = list[tuple[MomentKey, Frame]]


class MomentHistory(Protocol):
    """Called by the hub on its event loop, many times at once. Errors end in a closed connection or in an update
    without recent moments, never in a wrong one.

    `after` returns the moments of the stream that were emitted after `offset` in the last 24 hours, in their newest
    version; `recent` the newest `limit` by onset.
    """

    async def after(self, workspace_id: str, stream_id: str, offset: int) -> list[Moment]: ...

    async def recent(self, workspace_id: str, stream_id: str, limit: int) -> list[Moment]: ...


class ReplayReader:
    """Reads what a resuming client missed, as frames; clients that ask the same at the same time share one query.

    After a restart every client resumes at once from the same offset.
    """

    def __init__(self, history: MomentHistory, frames: FrameBuilder) -> None:
        self._history = history
        self._frames = frames
        self._running: dict[tuple[StreamKey, int, int], asyncio.Task[Replay]] = {}

    async def after(self, key: StreamKey, offset: int, published: int) -> Replay:
        """The moments after `offset` in the order of their emission.

        `published` counts the publications with moments so far: a query is shared only by clients that have missed
        the same ones, as a moment that was committed after the query began reaches live only those connected then.
        """
        question = (key, offset, published)
        task = self._running.get(question)
        if task is None:
            task = asyncio.create_task(self._read(key, offset))
            self._running[question] = task
            task.add_done_callback(lambda done: self._forget(question, done))
        return await asyncio.shield(task)  # one client that goes away must not cost the others

    def _forget(self, question: tuple[StreamKey, int, int], task: asyncio.Task[Replay]) -> None:
        del self._running[question]
        if not task.cancelled():
            task.exception()  # seen, even when every client has gone

    async def _read(self, key: StreamKey, offset: int) -> Replay:
        moments = await self._history.after(*key, offset)
        moments.sort(key=lambda moment: (moment.emitted_offset or 0, moment.timestamp))
        replay: Replay = []
        reached = offset
        for position, moment in enumerate(moments):
            emitted = moment.emitted_offset or 0
            last = position + 1 == len(moments) or (moments[position + 1].emitted_offset or 0) > emitted
            if last:  # a checkpoint is reached with the last of its moments
                reached = max(reached, emitted)
            replay.append(((moment.moment_id, moment.version), self._frames.moment(moment, reached)))
        return replay
