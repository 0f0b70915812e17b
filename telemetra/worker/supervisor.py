"""The server's side of the pipeline's process: starts it, hears it, starts it again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping

import structlog

from telemetra.backoff import delays
from telemetra.cache.base import Cache
from telemetra.cache.streams import invalidate_streams
from telemetra.kinds.base import Kind
from telemetra.leader import Role
from telemetra.live.base import Publication, Relay
from telemetra.observability import Metrics
from telemetra.worker.messages import (
    LENGTH,
    Changed,
    Committed,
    Failed,
    FromPipeline,
    Overflowed,
    Published,
    RoleChanged,
    Start,
    Stop,
    framed,
    from_pipeline,
    restore,
)

MODULE = "telemetra.worker.main"
STOP_SECONDS = 20.0
"""A step in progress is stored first; a process that takes longer is killed, which loses nothing."""

LASTED_SECONDS = 60.0

_log = structlog.get_logger(__name__)


class PipelineProcess:
    """`role` is what the pipeline's process said last, `starting` while there is none. Belongs to one event loop.

    `on_gap` is called when moments may have been committed that nobody here was told of: who watches must ask again.
    """

    def __init__(
        self,
        start: Start,
        *,
        kinds: Mapping[str, Kind],
        relay: Relay,
        cache: Cache,
        metrics: Metrics,
        on_gap: Callable[[], None],
    ) -> None:
        self.role: Role = "starting"
        self.lives = 0
        """How often the process has been started."""
        self._start = start
        self._kinds = kinds
        self._relay = relay
        self._cache = cache
        self._metrics = metrics
        self._on_gap = on_gap

    async def run(self) -> None:
        """Keep the process running until cancelled; then it ends in order."""
        pauses = delays()
        while True:
            started = time.monotonic()
            try:
                _log.error("pipeline_process_ended", code=await self._live())
            except Exception:
                # Nothing may end this while the server takes events.
                _log.exception("pipeline_process_failed")
            if time.monotonic() - started > LASTED_SECONDS:
                pauses = delays()
            await asyncio.sleep(next(pauses))

    async def _live(self) -> int:
        """One life of the process; its exit code."""
        # -P: what lies in the working directory is not for us to import.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", MODULE, stdin=PIPE, stdout=PIPE, limit=1 << 20
        )
        self.lives += 1
        try:
            self._metrics.pipeline_pid = process.pid
            await self._hear(process)
        finally:
            self.role = "starting"
            await self._end(process)
            # What it may have said of its last commit is lost.
            await self._cache.invalidate("*")
        return process.returncode or 0

    async def _hear(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(framed(self._start))
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
                await self._take(from_pipeline(await process.stdout.readexactly(length)))

    async def _take(self, message: FromPipeline) -> None:
        match message:
            case Published(publication):
                restore(publication, self._kinds)
                self._relay.publish(publication)
            case Changed(streams):
                for workspace_id in {workspace_id for workspace_id, _ in streams}:
                    changed = [stream_id for workspace, stream_id in streams if workspace == workspace_id]
                    await invalidate_streams(self._cache, workspace_id, changed)
            case Committed(items, seconds):
                self._metrics.committed(items, seconds)
            case Failed(error):
                self._metrics.checkpoint_failures.labels(error=error).inc()
            case RoleChanged(role):
                self.role = role
            case Overflowed(events):
                _log.warning("pipeline_not_heard", events=events)
                await self._cache.invalidate("*")
                self._relay.publish(Publication([], [], 0, events_dropped=events))
                self._on_gap()

    async def _end(self, process: Process) -> None:
        """In order if it lives, else by force."""
        assert process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.write(framed(Stop()))
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        finally:
            self._metrics.pipeline_pid = 0
