"""One run of one connector by the process that holds its lease: connect, read, hand in, and again."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import ChainMap
from collections.abc import Awaitable

import msgspec
import structlog

from telemetra.errors import Invalid, TelemetraError, Unavailable
from telemetra.model.connector import Connector, Position, Status
from telemetra.sources.backfill import Backfiller
from telemetra.sources.base import Refused
from telemetra.sources.connection import Connection
from telemetra.sources.declared import DeclaredSource, declared_format, declared_source
from telemetra.sources.gap_filling import GapFilling
from telemetra.sources.gap_records import GapRecords
from telemetra.sources.hand_in import HandIn
from telemetra.sources.journal import Journal
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.parts import Parts
from telemetra.sources.performance import Performance
from telemetra.sources.reader import MessageReader
from telemetra.sources.watchdog import Watchdog
from telemetra.store.connector_status import ConnectorStatus, instruments_of, remember_streams
from telemetra.store.websocket_batches import BatchRow

FINISH_SECONDS = 5.0
"""How long a stop may take to hand in what is read already."""
SETTLE_SECONDS = 1.0
"""How often what is known of gaps and streams is brought into the tables, at most."""

_log = structlog.get_logger(__name__)


class ConnectorRun:
    """`run` runs until it is cancelled (stop, lease lost) or ends by itself with the status `error`.

    The manager calls `tick` about once a second, and asks for `status` and `batch` when it reports. `previous` is what
    the last run left. Raises `Invalid` when the declaration cannot be run.
    """

    def __init__(self, connector: Connector, previous: ConnectorStatus | None, parts: Parts) -> None:
        config, options, now = connector.config, parts.options, parts.clock()
        connector_id, workspace_id = connector.connector_id, connector.workspace_id
        self.connector = connector
        self.session_id = f"{'ws' if config.protocol_type == 'WebSocket' else 'rest'}-{uuid.uuid4()}"
        self._parts = parts
        self._previous = previous or ConnectorStatus(connector_id=connector_id, status="inactive")
        self._connection = Connection(
            healthy_seconds=options.healthy_seconds, max_attempts=config.max_reconnect_attempts
        )
        self._resumed = _resume_from(connector, self._previous)
        outgoing = Outgoing(config)
        declared_format(config)
        self._source: DeclaredSource = declared_source(
            config,
            outgoing,
            parts.guard,
            parts.clock,
            timeout_seconds=options.timeout_seconds,
            max_bytes=options.max_bytes,
            resume_from=self._resumed,
        )
        self._watchdog = Watchdog(config.stale_after or options.stale_after_seconds, now)
        self._journal = Journal(outgoing.mask, self._previous.error_log)
        self._performance = Performance(now)
        self._hand_in = HandIn(
            parts.intake,
            parts.clock,
            parts.metrics,
            self._performance,
            workspace_id=workspace_id,
            connector_id=connector_id,
            session_id=self.session_id,
            batch_messages=options.batch_messages,
            batch_seconds=options.batch_seconds,
            forget_repeats=self._source.polls,
        )
        self._gaps = GapFilling(
            GapRecords(parts.database, workspace_id, connector_id, parts.invalidate, parts.metrics, connector.revision),
            self._hand_in,
            parts.database,
            workspace_id,
            backfiller=None
            if config.backfill is None
            else Backfiller(
                config.backfill,
                outgoing,
                parts.guard,
                parts.clock,
                timeout_seconds=options.timeout_seconds,
                max_bytes=options.max_bytes,
            ),
            new_format=lambda: declared_format(config, backfill=True),
            note=self._note,
            goes_on=lambda: self._source.position is not None,  # of this or an earlier run
        )
        self._reader = MessageReader(
            lambda: declared_format(config),
            self._hand_in,
            self._gaps,
            self._journal,
            self._performance,
            self._watchdog,
            parts.metrics,
            outgoing.mask,
        )
        self._gaps.instruments = self._reader.instruments
        self._counted = (0, 0)
        self._batch_since = now

    async def run(self) -> None:
        helpers = [asyncio.create_task(self._hand_in.run()), asyncio.create_task(self._keep_books())]
        try:
            await self._resume()
            await self._serve()
        except (Refused, Invalid) as error:
            self._fail(str(error))
        except Exception as error:
            _log.exception("connector_failed", connector_id=self.connector.connector_id)
            self._fail(f"internal error ({type(error).__name__})")
        finally:
            if self._connection.status != "error":
                self._connection.end("stopped")
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._source.close()
            await _within(FINISH_SECONDS, self._hand_in.finish())
            await _within(FINISH_SECONDS, self._settle())

    def tick(self, now: int, *, late: bool = False) -> None:
        """Look for silence; a source that is silent is opened anew. `late`: we have not listened ourselves."""
        data, size = self._counted
        self._counted = self._performance.data, self._performance.bytes
        self._parts.metrics.connector_messages.labels(kind="data").inc(self._counted[0] - data)
        self._parts.metrics.connector_bytes.inc(self._counted[1] - size)
        if not self._hand_in.held_back:  # else a message is counted and not put yet
            self._reached()
        if self._hand_in.held_back or late:
            self._watchdog.held_back(now)
        elif self._connection.status == "running" and not self._source.polls and self._watchdog.gives_up(now):
            self._source.interrupt("nothing was received for too long")

    def status(self, now: int) -> ConnectorStatus:
        """As of `now` (microseconds). Counts go on from those of earlier runs."""
        before, connection, performance = self._previous, self._connection, self._performance
        metrics = performance.shown(
            now,
            connected_at=connection.connected_at,
            reconnects=connection.reconnects,
            silent=self._watchdog.silent_streams(now),
        )
        return ConnectorStatus(
            connector_id=self.connector.connector_id,
            status=connection.status,
            stale=self.stale(now),
            session_id=self.session_id,
            started_at=performance.started_at,
            last_message_at=performance.last_message_at or before.last_message_at,
            last_event_at=self._hand_in.durable_event_at or before.last_event_at,
            message_count=before.message_count + self._hand_in.messages,
            error_log=self._journal.entries(),
            reconnect_attempts=connection.attempts,
            last_error=self._journal.last_error or before.last_error,
            performance_metrics=metrics,
            position=self._position(),
        )

    def _reached(self) -> None:
        """What was read until now is put."""
        numbers = self._gaps.sequences.newest()
        if numbers or self._source.position is not None:
            at = self._source.position or Position()
            self._hand_in.reached(Position(cursor=at.cursor, until=at.until, numbers=numbers))

    def _position(self) -> Position | None:
        """How far everything is durable."""
        position = self._hand_in.position
        return None if position is None else msgspec.structs.replace(position, revision=self.connector.revision)

    @property
    def state(self) -> Status:
        return self._connection.status

    def stale(self, now: int) -> bool:
        return self._connection.status in ("running", "reconnecting") and self._watchdog.stale(now)

    def batch(self, now: int) -> BatchRow | None:
        """What was handed in since the last call."""
        since, self._batch_since = self._batch_since, now
        connector = self.connector
        return self._hand_in.tally.take(
            connector.workspace_id,
            connector.connector_id,
            connector.config.exchange_name or "",
            self._reader.instruments,
            since,
            now,
        )

    async def _resume(self) -> None:
        """Between the last event of an earlier run and the first of this one something may have been missed."""
        while True:
            try:
                known = await instruments_of(
                    self._parts.database, self.connector.connector_id, self.connector.asks_since
                )
                self._gaps.instruments = ChainMap(self._reader.instruments, known)
                await self._gaps.resume(self.connector.asks_since, self._parts.clock())
                break
            except Unavailable as error:
                await asyncio.sleep(error.retry_after_seconds)
        reason = "stopped" if self._previous.status in ("stopped", "inactive") else "restarted"
        self._gaps.lost(self._previous.last_event_at, reason)
        if self._resumed is not None and self._previous.last_event_at is not None:
            self._gaps.sequences.resume(self._resumed.numbers, self._previous.last_event_at)

    async def _serve(self) -> None:
        clock, connection = self._parts.clock, self._connection
        while True:
            retry_after = 0.0
            try:
                await self._session()
            except Refused:
                raise
            except Unavailable as error:
                self._note(str(error))
                retry_after = error.retry_after_seconds if error.code != "unavailable" else 0.0
            except TelemetraError as error:
                self._note(str(error))
            except Exception as error:
                # A fault of ours must not end the connector: what made it may be gone with the next message.
                _log.exception("connector_failed", connector_id=self.connector.connector_id)
                self._note(f"internal error ({type(error).__name__})")
            if connection.connected_at is not None:
                self._gaps.lost(self._reader.last_event_at or self._previous.last_event_at, "disconnected")
            wait = connection.lost(clock(), retry_after)
            await self._source.close()
            if wait is None:
                self._fail(f"gave up after {connection.attempts - 1} attempts to reconnect")
                return
            await asyncio.sleep(wait)

    async def _session(self) -> None:
        """One connection, until it is lost."""
        source, clock = self._source, self._parts.clock
        await source.open()
        if not source.polls:
            self._opened(clock())
        while True:
            messages = await source.read()
            now = clock()
            if self._connection.connected_at is None:
                self._opened(now)  # a polled source is there when it has answered
            replies = await self._reader.read(messages, polled=source.polls)
            if source.polls:
                source.taken(self._reader.understood)
                self._reached()
            self._connection.data(now)
            for reply in replies:
                await source.reply(reply)

    def _opened(self, now: int) -> None:
        first = self._connection.connected_at is None and self._connection.reconnects == 0
        self._connection.opened(now)
        self._watchdog.opened(now)
        self._reader.connected()
        if not first:
            self._parts.metrics.connector_reconnects.inc()

    async def _keep_books(self) -> None:
        """Fill gaps as soon as data is there again; bring what is known into the tables."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._gaps.wake.wait()
            self._gaps.wake.clear()
            try:
                await self._settle()
                await self._gaps.fill()
                await self._settle()
            except TelemetraError as error:
                _log.warning("connector_books_wait", connector_id=self.connector.connector_id, error=str(error))
                await asyncio.sleep(SETTLE_SECONDS)
            except Exception:
                _log.exception("connector_books_failed", connector_id=self.connector.connector_id)
                await asyncio.sleep(SETTLE_SECONDS)

    async def _settle(self) -> None:
        new = list(self._reader.new_streams)
        if new:
            connector = self.connector
            await remember_streams(
                self._parts.database,
                connector.workspace_id,
                connector.connector_id,
                {stream: self._reader.instruments[stream] for stream in new},
                connector.revision,
            )
            del self._reader.new_streams[: len(new)]
        await self._gaps.records.settle()
        self._performance.gaps = self._gaps.records.count

    def _note(self, error: str) -> None:
        self._performance.errors += 1
        self._journal.note(error, self._parts.clock())

    def _fail(self, error: str) -> None:
        self._journal.note(error, self._parts.clock())
        self._connection.end("error")
        _log.warning("connector_stopped", connector_id=self.connector.connector_id, error=self._journal.last_error)


def _resume_from(connector: Connector, previous: ConnectorStatus) -> Position | None:
    """Where an earlier run has stopped, if it asked for the same."""
    position = previous.position
    return position if position is not None and position.revision >= connector.asks_since else None


async def _within(seconds: float, work: Awaitable[None]) -> None:
    """The last steps of a run: as far as they get in `seconds`."""
    with contextlib.suppress(TimeoutError, TelemetraError):
        async with asyncio.timeout(seconds):
            await work
