"""Runs this process's share of the connectors: claims what is free, renews what it holds, reports, lets go.

A lease is lost only to another process: while the database cannot be reached nobody else can claim, and nothing can be
written either, so a run that cannot renew keeps what it has read and goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable

import structlog

from telemetra.errors import TelemetraError, Unavailable
from telemetra.model.connector import STATUSES
from telemetra.model.window import SECOND
from telemetra.sources.parts import Parts
from telemetra.sources.run import ConnectorRun
from telemetra.store import connector_status as store
from telemetra.store.connector_status import ConnectorStatus, Lease, Wanted
from telemetra.store.connectors import Sealer, load_connector
from telemetra.store.websocket_batches import add_batches

TICK_SECONDS = 1.0
REPORT_SECONDS = 2.0
BATCH_SECONDS = 15.0
"""The table of batches gets one row for each connector and this time."""

_log = structlog.get_logger(__name__)


class Held:
    """A connector whose lease this process holds."""

    def __init__(self, lease: Lease, revision: int, run: ConnectorRun) -> None:
        self.lease = lease
        self.revision = revision
        self.run = run
        self.said: tuple[str, bool] | None = None
        self.task = asyncio.create_task(run.run())


class ConnectorManager:
    """Belongs to one event loop. `run` runs until cancelled and then stops its connectors and gives their leases back.

    `nudge` makes it look for changes at once; otherwise it looks every `poll_seconds`.
    """

    def __init__(
        self, parts: Parts, sealer: Sealer, owner: str, *, lease_seconds: float, poll_seconds: float = 2.0
    ) -> None:
        self.owner = f"{owner}:{secrets.token_hex(4)}"
        self._parts = parts
        self._sealer = sealer
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._held: dict[str, Held] = {}
        self._ending: set[str] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._nudged = asyncio.Event()
        self._ticked_at = parts.clock()

    def nudge(self) -> None:
        """A connector was made, changed, started, stopped or deleted in this process."""
        self._nudged.set()

    @property
    def running(self) -> int:
        return len(self._held)

    async def run(self) -> None:
        loops = [
            asyncio.create_task(self._every(self._lease_seconds / 3, self._renew)),
            asyncio.create_task(self._every(TICK_SECONDS, self._tick)),
            asyncio.create_task(self._every(REPORT_SECONDS, self._report)),
            asyncio.create_task(self._every(BATCH_SECONDS, self._report_batches)),
        ]
        try:
            while True:
                await self._guarded(self._look)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._nudged.wait()
                self._nudged.clear()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._guarded(self._report_batches)
            for connector_id in list(self._held):
                self._end(connector_id)
            await asyncio.gather(*self._endings, return_exceptions=True)

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._guarded(work)

    async def _guarded(self, work: Callable[[], object]) -> None:
        """Nothing that goes wrong in one step may end the manager."""
        try:
            result = work()
            if asyncio.iscoroutine(result):
                await result
        except TelemetraError as error:
            _log.warning("connectors_wait", error=str(error))
        except Exception:
            _log.exception("connectors_failed")

    async def _look(self) -> None:
        """Bring what runs here in line with what is wanted."""
        wanted = {one.connector_id: one for one in await store.wanted_connectors(self._parts.database, self.owner)}
        for connector_id, held in list(self._held.items()):
            one = wanted.get(connector_id)
            wants_it = one is not None and one.mine and one.desired_state == "running"
            if not wants_it or held.task.done() or one is None or one.revision != held.revision:
                self._end(connector_id)
        for one in wanted.values():
            if one.free and one.connector_id not in self._held and one.connector_id not in self._ending:
                await self._claim(one)  # Unavailable ends the look: it is so for all of them

    async def _claim(self, wanted: Wanted) -> None:
        connector_id, database = wanted.connector_id, self._parts.database
        lease = await store.claim(database, connector_id, self.owner, self._lease_seconds)
        if lease is None:
            return
        try:
            connector = await load_connector(database, self._sealer, connector_id)
            if connector is None or connector.desired_state != "running":
                await store.release(database, lease)
                return
            previous = await store.get_status(database, connector.workspace_id, connector_id)
            run = ConnectorRun(connector, previous, self._parts)
        except Unavailable:
            raise
        except TelemetraError as error:
            await self._refuse(lease, wanted.revision, str(error))
            return
        except Exception as error:
            _log.exception("connector_failed", connector_id=connector_id)
            await self._refuse(lease, wanted.revision, f"internal error ({type(error).__name__})")
            return
        self._held[connector_id] = Held(lease, connector.revision, run)
        self._held[connector_id].task.add_done_callback(lambda _: self.nudge())
        _log.info("connector_started", connector_id=connector_id, session_id=run.session_id)

    async def _refuse(self, lease: Lease, revision: int, error: str) -> None:
        """A declaration that cannot be run: it says so, and waits for its user."""
        status = ConnectorStatus(connector_id=lease.connector_id, status="error", last_error=error)
        await store.report(self._parts.database, [(lease, status)])
        await store.stop_for_error(self._parts.database, lease.connector_id, revision)
        await store.release(self._parts.database, lease)

    def _end(self, connector_id: str) -> None:
        """Stop a run without waiting for it; its lease is given back when it has handed in what it had."""
        held = self._held.pop(connector_id)
        self._ending.add(connector_id)
        task = asyncio.create_task(self._ended(held))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _ended(self, held: Held) -> None:
        connector_id = held.lease.connector_id
        try:
            held.task.cancel()
            await asyncio.gather(held.task, return_exceptions=True)
            await self._guarded(lambda: self._let_go(held))
        finally:
            self._ending.discard(connector_id)
            self.nudge()

    async def _let_go(self, held: Held) -> None:
        database, now = self._parts.database, self._parts.clock()
        status = held.run.status(now)
        await store.report(database, [(held.lease, status)])
        row = held.run.batch(now)
        await add_batches(database, [] if row is None else [row])
        if status.status == "error":
            await store.stop_for_error(database, held.lease.connector_id, held.revision)
        await store.release(database, held.lease)
        _log.info("connector_ended", connector_id=held.lease.connector_id, status=status.status)

    async def _renew(self) -> None:
        leases = [held.lease for held in self._held.values()]
        if leases:
            kept = await store.renew(self._parts.database, leases, self.owner, self._lease_seconds)
            for lease in leases:
                if lease.connector_id not in kept and lease.connector_id in self._held:
                    _log.warning("connector_lease_lost", connector_id=lease.connector_id)
                    self._end(lease.connector_id)

    async def _tick(self) -> None:
        now = self._parts.clock()
        # A process that could not even look in time has not listened either: that silence is its own.
        late, self._ticked_at = now - self._ticked_at > 2 * TICK_SECONDS * SECOND, now
        news = []
        for held in self._held.values():
            held.run.tick(now, late=late)
            said = held.run.state, held.run.stale(now)
            if said != held.said:
                held.said = said
                news.append((held.lease, held.run.status(now)))
        states: Counter[str] = Counter(held.run.state for held in self._held.values())
        for state in STATUSES:
            self._parts.metrics.connectors.labels(state=state).set(states[state])
        self._parts.metrics.connectors_stale.set(sum(held.run.stale(now) for held in self._held.values()))
        await store.report(self._parts.database, news)

    async def _report(self) -> None:
        now = self._parts.clock()
        await store.report(self._parts.database, [(held.lease, held.run.status(now)) for held in self._held.values()])

    async def _report_batches(self) -> None:
        now = self._parts.clock()
        rows = [held.run.batch(now) for held in self._held.values()]
        await add_batches(self._parts.database, [row for row in rows if row is not None])
