"""recompute: take late events in and count final minutes again, from the archive (SPEC 4).

It runs beside the pipeline: that one never writes a final minute, this one writes no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import AsyncConnection

from telemetra.engine.effects import (
    COUNTED,
    DUPLICATE,
    LATE,
    LEDGER_COLUMNS,
    STREAM_DUPLICATE,
    STREAM_LATE,
    STREAM_LEDGER_COLUMNS,
    TableRow,
    UniqueKey,
)
from telemetra.engine.plan import Hop, KindPlan
from telemetra.errors import Invalid
from telemetra.kinds.base import GAUGE_MAX_AGE, Entries, Kind, Window
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, StreamKey
from telemetra.model.times import rfc3339
from telemetra.model.window import HOP, MINUTE, SECOND, hop_start, minute_start
from telemetra.store import recompute as store
from telemetra.store.checkpoint import load_known
from telemetra.store.database import Database
from telemetra.store.recompute import ArchivedItem, Correction

HOUR = 60 * MINUTE


class Refused(msgspec.Struct):
    """A minute that cannot be counted again: `not_final`, `beyond_archive` or `no_archive`."""

    stream_id: str
    minute: str
    reason: str


class Recomputed(msgspec.Struct):
    """What a recompute did. `late_counted` and `repeats` were late before and are counted, or duplicate, now."""

    streams: int = 0
    minutes: int = 0
    minutes_changed: int = 0
    late_counted: int = 0
    repeats: int = 0
    refused: list[Refused] = msgspec.field(default_factory=list)


async def recompute(
    database: Database, registry: Registry, workspace_id: str, start: int, end: int, stream_id: str | None = None
) -> Recomputed:
    """Count the final minutes that begin in [start, end) (microseconds) again, one stream and hour a transaction.

    Other minutes are refused by name in the answer. Raises `Invalid` when the range is empty.
    """
    start, end = minute_start(start), minute_start(end + MINUTE - 1)
    if start >= end:
        raise Invalid("--to must be after --from", code="invalid_range", field="to")
    report = Recomputed()
    for stream in await store.streams(database, workspace_id, stream_id):
        kind = registry.kinds.get(stream.kind)
        if kind is None:
            report.refused.append(Refused(stream.key[1], rfc3339(start), "no_archive"))
            continue
        if not kind.has_minutes:
            continue
        hours = await store.hours(database, kind, stream.key, start, end)
        report.streams += bool(hours)
        for hour in hours:
            first, last = max(hour, start), min(hour + HOUR, end)
            await _recompute_hour(database, registry, kind, stream.key, first, last, stream.final_until, report)
    return report


async def _recompute_hour(
    database: Database,
    registry: Registry,
    kind: Kind,
    key: StreamKey,
    start: int,
    end: int,
    final_until: int,
    report: Recomputed,
) -> None:
    async with database.transaction() as connection:
        await store.lock(connection)
        items = await store.archived(connection, key, start, end)
        stored = await store.event_counts(connection, kind, key, start, end)
        held = Counter(minute_start(item.event.timestamp) for item in items if item.disposition == "counted")
        refused: dict[int, str] = {minute: "beyond_archive" for minute in stored if stored[minute] > held[minute]}
        minutes = {minute_start(item.event.timestamp) for item in items} | set(stored)
        refused |= {minute: "not_final" for minute in minutes if minute + MINUTE > final_until}
        report.refused += [Refused(key[1], rfc3339(minute), refused[minute]) for minute in sorted(refused)]
        wanted = [item for item in items if minute_start(item.event.timestamp) not in refused]
        if not wanted:
            return
        earlier = await store.archived(connection, key, start - GAUGE_MAX_AGE, start)
        correction = await _correct(connection, registry, kind, wanted, earlier)
        report.minutes += len(correction.minutes)
        report.minutes_changed += await store.save(connection, registry, kind, key, correction)
        report.late_counted += len(correction.counted)
        report.repeats += len(correction.repeats)


async def _correct(
    connection: AsyncConnection[Any],
    registry: Registry,
    kind: Kind,
    items: Sequence[ArchivedItem],
    earlier: Sequence[ArchivedItem],
) -> Correction:
    """Judge the late events anew and count the minutes of all that are not repeats."""
    decoded = {item.offset: registry.decoders[item.event.type].decode(item.event.data) for item in items}
    known = await load_known(connection, registry, _unique_keys(registry, items, decoded))
    seen = {(item.event.source, item.event.event_id) for item in items if item.disposition == "counted"}
    correction = Correction([], [], {}, [], {}, {})
    entries = []
    for item in items:
        event, data = item.event, decoded[item.offset]
        if item.disposition == "late":
            repeat = (event.source, event.event_id) in seen
            unique = _unique_key(registry, event, data)
            if repeat or (unique is not None and known.setdefault(unique, item.offset) != item.offset):
                correction.repeats.append(item)
                _move(correction, event, DUPLICATE)
                continue
            seen.add((event.source, event.event_id))
            correction.counted.append(item)
            correction.table_rows += _table_rows(registry, item, data)
            _move(correction, event, COUNTED)
        entries.append((event, data))
    before = [
        (item.event, registry.decoders[item.event.type].decode(item.event.data))
        for item in earlier
        if item.disposition == "counted"
    ]
    correction.minutes = _count_minutes(registry, KindPlan(kind), entries, before)
    return correction


def _count_minutes(
    registry: Registry, plan: KindPlan, entries: Sequence[tuple[Event, Any]], before: Sequence[tuple[Event, Any]]
) -> dict[int, dict[str, Any]]:
    """Measure values by start of minute; `before` are the entries whose gauges may still be shown."""
    hops: dict[int, Hop] = {}
    for event, data in [*before, *entries]:
        hop = hops.setdefault(hop_start(event.timestamp), plan.new_hop())
        declared = registry.types[event.type]
        lane = event.type if declared.lane is None else declared.lane(event.stream_id, data)
        if lane is not None:
            hop.put(lane, Entries([event.timestamp], [data]))
    minutes = {}
    for start in sorted({minute_start(event.timestamp) for event, _ in entries}):
        own = [hops[at] for at in range(start, start + MINUTE, HOP) if at in hops]
        carried = plan.carry({}, [hops[at] for at in sorted(hops) if at < start])
        minutes[start] = plan.finish(own, Window(start + MINUTE, MINUTE / SECOND), carried)
    return minutes


def _unique_keys(registry: Registry, items: Sequence[ArchivedItem], decoded: dict[int, Any]) -> list[UniqueKey]:
    keys = (_unique_key(registry, item.event, decoded[item.offset]) for item in items if item.disposition == "late")
    return [key for key in keys if key is not None]


def _unique_key(registry: Registry, event: Event, data: Any) -> UniqueKey | None:
    declared = registry.types[event.type]
    if declared.unique is None or declared.table is None:
        return None
    return declared.table, event.workspace_id, getattr(data, declared.unique)


def _table_rows(registry: Registry, item: ArchivedItem, data: Any) -> list[TableRow]:
    declared, event = registry.types[item.event.type], item.event
    if declared.row is None or declared.table is None:
        return []
    key = (event.workspace_id, event.stream_id)
    return [TableRow(declared.table, key, item.offset, declared.row(event, data))]


def _move(correction: Correction, event: Event, column: int) -> None:
    """One event that was late counts in `column` instead, in the ledger and in the accounts of its stream."""
    minute = minute_start(event.received_at)
    counts = correction.ledger.setdefault((event.workspace_id, event.source, minute), [0] * len(LEDGER_COLUMNS))
    counts[LATE] -= 1
    counts[column] += 1
    own = correction.stream_ledger.setdefault(
        (event.workspace_id, event.stream_id, minute), [0] * len(STREAM_LEDGER_COLUMNS)
    )
    own[STREAM_LATE] -= 1
    if column == DUPLICATE:
        own[STREAM_DUPLICATE] += 1
