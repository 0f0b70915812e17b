"""How connectors run: the lease that gives each one owner, and what the owner reports.

Leases are judged by the clock of the database, so that processes with different clocks agree. Every report of an owner
is guarded by its lease epoch: whoever lost the lease changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from telemetra.model.connector import Position, Status
from telemetra.store.database import Database, Row, instant, micros


class ConnectorStatus(msgspec.Struct, kw_only=True):
    """The row of `connector_status`; times in microseconds. `owner` is None while nobody runs it.

    `position`: how far a polled source was read; a report without one leaves what is stored.
    """

    connector_id: str
    status: Status
    stale: bool = False
    session_id: str | None = None
    started_at: int | None = None
    last_message_at: int | None = None
    last_event_at: int | None = None
    message_count: int = 0
    error_log: list[dict[str, Any]] = []
    reconnect_attempts: int = 0
    last_error: str | None = None
    performance_metrics: dict[str, Any] = {}
    position: Position | None = None
    owner: str | None = None
    updated_at: int | None = None


class Lease(msgspec.Struct, frozen=True):
    """The right to run a connector, until it expires or another epoch begins."""

    connector_id: str
    epoch: int


class Wanted(msgspec.Struct, frozen=True):
    """A connector of which this process has to know: `free` to claim, or its own."""

    connector_id: str
    revision: int
    desired_state: str
    free: bool
    mine: bool


_WANTED = """
    SELECT connector_id, revision, desired_state, coalesce(owner = %(owner)s, false) AS mine,
        desired_state = 'running' AND (owner IS NULL OR lease_expires_at <= clock_timestamp()) AS free
    FROM api_connectors JOIN connector_status USING (connector_id)
    WHERE desired_state = 'running' OR owner = %(owner)s
    ORDER BY connector_id
"""
_CLAIM = """
    UPDATE connector_status SET owner = %(owner)s, lease_epoch = lease_epoch + 1,
        lease_expires_at = clock_timestamp() + %(seconds)s * interval '1 second', updated_at = clock_timestamp()
    WHERE connector_id = %(connector_id)s AND (owner IS NULL OR lease_expires_at <= clock_timestamp())
    RETURNING lease_epoch
"""
_RENEW = """
    UPDATE connector_status AS held SET lease_expires_at = clock_timestamp() + %(seconds)s * interval '1 second'
    FROM unnest(%(ids)s::text[], %(epochs)s::bigint[]) AS mine(connector_id, epoch)
    WHERE held.connector_id = mine.connector_id AND held.lease_epoch = mine.epoch AND held.owner = %(owner)s
    RETURNING held.connector_id
"""
_RELEASE = """
    UPDATE connector_status SET owner = NULL, lease_expires_at = NULL, updated_at = clock_timestamp()
    WHERE connector_id = %s AND lease_epoch = %s
"""
_ONE = "SELECT * FROM connector_status WHERE workspace_id = %s AND connector_id = %s"
_LIST = "SELECT * FROM connector_status WHERE workspace_id = %s"
_REPORT = """
    WITH report AS (
        SELECT * FROM jsonb_to_recordset(%s) AS given(connector_id text, epoch bigint, status text, stale boolean,
            session_id text, started_at timestamptz, last_message_timestamp timestamptz,
            last_event_timestamp timestamptz, message_count bigint, error_log jsonb, reconnect_attempts integer,
            last_error text, performance_metrics jsonb, position jsonb)
    ), reported AS (
        UPDATE connector_status AS held SET status = report.status, stale = report.stale,
            session_id = report.session_id, started_at = report.started_at,
            last_message_timestamp = report.last_message_timestamp,
            last_event_timestamp = report.last_event_timestamp, message_count = report.message_count,
            error_log = report.error_log, reconnect_attempts = report.reconnect_attempts,
            last_error = report.last_error, performance_metrics = report.performance_metrics,
            position = coalesce(report.position, held.position), updated_at = clock_timestamp()
        FROM report WHERE held.connector_id = report.connector_id AND held.lease_epoch = report.epoch
        RETURNING held.connector_id, held.status
    )
    UPDATE api_connectors AS declared SET status = reported.status FROM reported
    WHERE declared.connector_id = reported.connector_id AND declared.status <> reported.status
"""
_STOP_FOR_ERROR = """
    UPDATE api_connectors SET desired_state = 'stopped', updated_at = clock_timestamp()
    WHERE connector_id = %s AND revision = %s
"""
_REMEMBER_STREAMS = """
    INSERT INTO connector_streams (workspace_id, stream_id, connector_id, instrument, revision)
    SELECT %s, fed.stream_id, connector_id, fed.instrument, %s
    FROM api_connectors, unnest(%s::text[], %s::text[]) AS fed (stream_id, instrument) WHERE connector_id = %s
    ON CONFLICT (workspace_id, stream_id, connector_id)
        DO UPDATE SET instrument = excluded.instrument, revision = excluded.revision
"""
_INSTRUMENTS = """
    SELECT stream_id, instrument FROM connector_streams
    WHERE connector_id = %s AND revision >= %s AND instrument IS NOT NULL ORDER BY stream_id
"""
_STREAMS = "SELECT stream_id FROM connector_streams WHERE connector_id = %s ORDER BY stream_id"


async def wanted_connectors(database: Database, owner: str) -> list[Wanted]:
    """Those that should run, and those that `owner` holds (which may be stopped or changed since)."""
    rows = await database.fetch_all(_WANTED, {"owner": owner})
    return [Wanted(**row) for row in rows]


async def claim(database: Database, connector_id: str, owner: str, seconds: float) -> Lease | None:
    """Take the lease for `seconds` if it is free or has expired; None when another process has it."""
    values = {"connector_id": connector_id, "owner": owner, "seconds": seconds}
    row = await database.fetch_one(_CLAIM, values)
    return None if row is None else Lease(connector_id, row["lease_epoch"])


async def renew(database: Database, leases: Sequence[Lease], owner: str, seconds: float) -> set[str]:
    """Prolong the leases to `seconds` from now; returns the ids still held. The others are lost."""
    values = {
        "ids": [lease.connector_id for lease in leases],
        "epochs": [lease.epoch for lease in leases],
        "owner": owner,
        "seconds": seconds,
    }
    return {row["connector_id"] for row in await database.fetch_all(_RENEW, values)}


async def release(database: Database, lease: Lease) -> None:
    """Give the lease back, so that another process need not wait for its end."""
    await database.execute(_RELEASE, (lease.connector_id, lease.epoch))


async def report(database: Database, statuses: Sequence[tuple[Lease, ConnectorStatus]]) -> None:
    """Store what owners say of their connectors, in one statement; a lost lease stores nothing."""
    if statuses:
        await database.execute(_REPORT, (Jsonb([_reported(lease, status) for lease, status in statuses]),))


async def stop_for_error(database: Database, connector_id: str, revision: int) -> None:
    """An error that no retry heals: not started again until a user starts it or has changed it meanwhile."""
    await database.execute(_STOP_FOR_ERROR, (connector_id, revision))


async def get_status(database: Database, workspace_id: str, connector_id: str) -> ConnectorStatus | None:
    """None when there is no such connector."""
    row = await database.fetch_one(_ONE, (workspace_id, connector_id))
    return None if row is None else _status(row)


async def list_statuses(database: Database, workspace_id: str) -> dict[str, ConnectorStatus]:
    """By connector_id."""
    rows = await database.fetch_all(_LIST, (workspace_id,))
    return {row["connector_id"]: _status(row) for row in rows}


async def remember_streams(
    database: Database, workspace_id: str, connector_id: str, streams: Mapping[str, str], revision: int = 0
) -> None:
    """Note that this revision of the connector feeds these streams, each with the name of its instrument."""
    values = (workspace_id, revision, list(streams), list(streams.values()), connector_id)
    await database.execute(_REMEMBER_STREAMS, values)


async def instruments_of(database: Database, connector_id: str, since_revision: int) -> dict[str, str]:
    """The instruments by stream that the connector has fed since that revision."""
    rows = await database.fetch_all(_INSTRUMENTS, (connector_id, since_revision))
    return {row["stream_id"]: row["instrument"] for row in rows}


async def streams_of(database: Database, connector_id: str) -> list[str]:
    """The streams that the connector has ever fed."""
    return [row["stream_id"] for row in await database.fetch_all(_STREAMS, (connector_id,))]


def _status(row: Row) -> ConnectorStatus:
    return ConnectorStatus(
        connector_id=row["connector_id"],
        status=row["status"],
        stale=row["stale"],
        session_id=row["session_id"],
        started_at=micros(row["started_at"]),
        last_message_at=micros(row["last_message_timestamp"]),
        last_event_at=micros(row["last_event_timestamp"]),
        message_count=row["message_count"],
        error_log=row["error_log"],
        reconnect_attempts=row["reconnect_attempts"],
        last_error=row["last_error"],
        performance_metrics=row["performance_metrics"],
        position=None if row["position"] is None else msgspec.convert(row["position"], Position),
        owner=row["owner"],
        updated_at=micros(row["updated_at"]),
    )


def _reported(lease: Lease, status: ConnectorStatus) -> dict[str, Any]:
    return {
        "connector_id": lease.connector_id,
        "epoch": lease.epoch,
        "status": status.status,
        "stale": status.stale,
        "session_id": status.session_id,
        "started_at": _iso(status.started_at),
        "last_message_timestamp": _iso(status.last_message_at),
        "last_event_timestamp": _iso(status.last_event_at),
        "message_count": status.message_count,
        "error_log": status.error_log,
        "reconnect_attempts": status.reconnect_attempts,
        "last_error": status.last_error,
        "performance_metrics": status.performance_metrics,
        "position": None if status.position is None else msgspec.to_builtins(status.position),
    }


def _iso(time_us: int | None) -> str | None:
    time = instant(time_us)
    return None if time is None else time.isoformat()
