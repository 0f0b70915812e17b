"""The checkpoint: everything that a stretch of the log led to, in one fenced transaction (SPEC 4, Checkpoint)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from psycopg import AsyncConnection, sql

from telemetra.engine.effects import (
    LEDGER_COLUMNS,
    STREAM_LEDGER_COLUMNS,
    DeadLetter,
    Effects,
    StreamLedgerKey,
    TableRow,
    UniqueKey,
)
from telemetra.errors import Fenced
from telemetra.kinds.base import Column
from telemetra.kinds.registry import Registry
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamState
from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE, MinuteRow
from telemetra.store import copy_rows, stream_states
from telemetra.store.bands import band_columns
from telemetra.store.database import Database, instant
from telemetra.store.upsert import upsert

_TAKE_OVER = """
    UPDATE pipeline_offsets SET owner_epoch = owner_epoch + 1, owner = %s, updated_at = clock_timestamp()
    WHERE partition = %s RETURNING owner_epoch, applied, needs
"""
_POSITION = "SELECT applied, needs FROM pipeline_offsets WHERE partition = %s AND owner_epoch = %s"
_FENCE = """
    UPDATE pipeline_offsets SET applied = %s, needs = %s, updated_at = clock_timestamp()
    WHERE partition = %s AND applied = %s AND owner_epoch = %s
"""
_KNOWN = """
    SELECT workspace_id, {column}, log_offset FROM {table}
    JOIN unnest(%s::text[], %s::text[]) AS wanted (workspace_id, {column}) USING (workspace_id, {column})
"""
_DEAD = "SELECT log_offset FROM dead_letters WHERE partition = %s AND log_offset >= %s AND log_offset < %s"
_COPY = "COPY events ({}) FROM STDIN (FORMAT BINARY)"


class Owner(msgspec.Struct):
    """The right to write checkpoints of a partition: it ends when another takes over (a higher epoch)."""

    partition: int
    epoch: int


class Position(msgspec.Struct):
    """`applied`: all effects before it are stored; `needs`: where reading starts to rebuild memory."""

    applied: int
    needs: int


class CheckpointStore:
    """What the pipeline reads and writes. Errors pass as the database raised them: the pipeline judges them."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    async def take_over(self, partition: int, name: str) -> Owner:
        """Become the owner: whoever was it before can store nothing more."""
        row = await self._database.fetch_one(_TAKE_OVER, (name, partition))
        assert row is not None, "migrations make the offsets row"
        return Owner(partition, row["owner_epoch"])

    async def position(self, owner: Owner) -> Position:
        """Raises `Fenced` when `owner` is no longer the owner."""
        row = await self._database.fetch_one(_POSITION, (owner.partition, owner.epoch))
        if row is None:
            raise Fenced("another process owns the pipeline now")
        return Position(row["applied"], row["needs"])

    async def load_states(self, keys: Iterable[StreamKey]) -> list[StreamState]:
        return await stream_states.load_states(self._database, list(keys))

    async def load_dead(self, partition: int, first: int, until: int) -> set[int]:
        """Offsets in [first, until) that were recorded as rejected or dead."""
        return {row["log_offset"] for row in await self._database.fetch_all(_DEAD, (partition, first, until))}

    async def load_known(self, keys: Sequence[UniqueKey]) -> dict[UniqueKey, int]:
        """The offset of the event that made the row of each key that has one."""
        async with self._database.connection() as connection:
            return await load_known(connection, self._registry, keys)

    async def save(self, owner: Owner, applied_before: int, effects: Effects) -> None:
        """Store `effects`, or nothing. Raises `Fenced` when another process stored something meanwhile."""
        partition = owner.partition
        async with self._database.transaction() as connection:
            fence = (effects.applied, effects.needs, partition, applied_before, owner.epoch)
            if (await connection.execute(_FENCE, fence)).rowcount != 1:
                raise Fenced("another process owns the pipeline now")
            streams = [_stream_values(state) for state in effects.states]
            await upsert(connection, "streams", ("workspace_id", "stream_id"), streams, touch="updated_at")
            await stream_states.save_states(connection, effects.states)
            for kind in self._registry.kinds.values():
                rows = [_minute_values(row, kind.columns) for row in effects.minutes if row.kind == kind.name]
                key = ("workspace_id", "stream_id", "window_start")
                if rows:
                    await upsert(connection, kind.table, key, rows, touch="processed_at")
            await save_table_rows(connection, self._registry, effects.table_rows, partition)
            moments = [_moment_values(moment, partition, effects.applied) for moment in effects.moments]
            await upsert(connection, "moments", ("moment_id",), moments, touch="emitted_at")
            await add_to_ledger(connection, effects.ledger)
            await add_to_stream_ledger(connection, effects.stream_ledger)
            dead = [_dead_values(letter, partition) for letter in effects.dead]
            await upsert(connection, "dead_letters", ("partition", "log_offset"), dead)
            if effects.archive:
                columns = sql.SQL(", ").join(map(sql.Identifier, copy_rows.COLUMNS))
                async with connection.cursor().copy(sql.SQL(_COPY).format(columns)) as copy:
                    for part in copy_rows.encode_rows(effects.archive, partition):
                        await copy.write(part)


async def load_known(
    connection: AsyncConnection[Any], registry: Registry, keys: Sequence[UniqueKey]
) -> dict[UniqueKey, int]:
    """See CheckpointStore.load_known."""
    known: dict[UniqueKey, int] = {}
    for table in {key[0] for key in keys}:
        wanted = [key for key in keys if key[0] == table]
        column = next(declared.unique for declared in registry.types.values() if declared.table == table)
        assert column is not None
        statement = sql.SQL(_KNOWN).format(column=sql.Identifier(column), table=sql.Identifier(table))
        cursor = await connection.execute(statement, ([key[1] for key in wanted], [key[2] for key in wanted]))
        known |= {(table, workspace_id, value): offset for workspace_id, value, offset in await cursor.fetchall()}
    return known


async def save_table_rows(
    connection: AsyncConnection[Any], registry: Registry, table_rows: Iterable[TableRow], partition: int
) -> None:
    """Write rows to the tables that their event types name.

    A type with a unique field has it as the table's key within the workspace, the first event wins, and the row names
    that event; any other has (stream, timestamp) as the key, and the last event wins.
    """
    unique = {declared.table: declared.unique for declared in registry.types.values() if declared.table is not None}
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in table_rows:
        values = {"workspace_id": row.key[0], "stream_id": row.key[1], **row.values}
        values["timestamp"] = to_datetime(values["timestamp"])
        if unique[row.table] is not None:
            values |= {"partition": partition, "log_offset": row.offset}
        by_table.setdefault(row.table, []).append(values)
    for table, rows in by_table.items():
        field = unique[table]
        if field is None:
            await upsert(connection, table, ("workspace_id", "stream_id", "timestamp"), rows)
        else:
            await upsert(connection, table, ("workspace_id", field), rows, on_conflict="nothing")


async def add_to_ledger(connection: AsyncConnection[Any], ledger: dict[tuple[str, str, int], list[int]]) -> None:
    """Add counts (in the order of LEDGER_COLUMNS, may be negative) by (workspace, source, minute of arrival)."""
    rows = [
        {
            "workspace_id": workspace_id,
            "source": source,
            "minute": to_datetime(minute),
            **dict(zip(LEDGER_COLUMNS, counts, strict=True)),
        }
        for (workspace_id, source, minute), counts in ledger.items()
    ]
    await upsert(connection, "ledger_minute", ("workspace_id", "minute", "source"), rows, on_conflict="add")


async def add_to_stream_ledger(
    connection: AsyncConnection[Any], ledger: Mapping[StreamLedgerKey, Sequence[int]]
) -> None:
    """Add counts (in the order of STREAM_LEDGER_COLUMNS, may be negative) by stream and minute of arrival."""
    rows = [
        {
            "workspace_id": workspace_id,
            "stream_id": stream_id,
            "minute": to_datetime(minute),
            **dict(zip(STREAM_LEDGER_COLUMNS, counts, strict=True)),
        }
        for (workspace_id, stream_id, minute), counts in ledger.items()
    ]
    key = ("workspace_id", "stream_id", "minute")
    await upsert(connection, "stream_ledger_minute", key, rows, on_conflict="add")


def minute_columns(
    key: StreamKey, window_start: int, values: Mapping[str, Any], columns: Sequence[Column]
) -> dict[str, Any]:
    """The key and the measures of a minute row, without what the detectors said of it."""
    row: dict[str, Any] = {
        "workspace_id": key[0],
        "stream_id": key[1],
        "window_start": to_datetime(window_start),
        "window_end": to_datetime(window_start + MINUTE),
    }
    for column in columns:
        value = values[column.name]
        row[column.name] = instant(value) if column.sql_type == "timestamptz" else value
    return row


def _minute_values(row: MinuteRow, columns: Sequence[Column]) -> dict[str, Any]:
    judged = {"z_score": row.z_score, "is_anomaly": row.is_anomaly, "suspect": row.suspect} | band_columns(row.baseline)
    return minute_columns((row.workspace_id, row.stream_id), row.window_start, row.values, columns) | judged


def _moment_values(moment: Moment, partition: int, emitted_offset: int) -> dict[str, Any]:
    values = msgspec.structs.asdict(moment)
    values["timestamp"] = to_datetime(moment.timestamp)
    values["ended_at"] = instant(moment.ended_at)
    return values | {"partition": partition, "emitted_offset": emitted_offset}


def _stream_values(state: StreamState) -> dict[str, Any]:
    info = state.info
    return {
        "workspace_id": state.workspace_id,
        "stream_id": state.stream_id,
        "kind": info.kind,
        "streamer_name": info.streamer_name,
        "title": info.title,
        "game_category": info.game_category,
        "started_at": instant(info.started_at),
        "ended_at": instant(info.ended_at),
        "is_live": info.is_live,
        "last_event_at": to_datetime(info.last_event_at),
        "viewer_count": info.viewer_count,
        "viewer_count_at": instant(info.viewer_count_at),
    }


def _dead_values(letter: DeadLetter, partition: int) -> dict[str, Any]:
    return {
        "workspace_id": letter.workspace_id,
        "partition": partition,
        "log_offset": letter.offset,
        "disposition": letter.disposition,
        "source": letter.source,
        "code": letter.code,
        "detail": letter.detail,
        "raw": "\\x" + letter.raw.hex(),  # a bytea as PostgreSQL reads it
        "received_at": to_datetime(letter.received_at),
        "correlation_id": letter.correlation_id,
    }
