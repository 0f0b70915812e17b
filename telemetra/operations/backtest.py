"""Back-test: which moments other settings would have found in what is stored, beside those that were found.

It reads one stream's archive in one read-only transaction and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from telemetra.engine.engine import EngineSettings
from telemetra.errors import Invalid, NotFound
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.times import rfc3339, to_datetime, to_microseconds
from telemetra.model.window import HOP, MINUTE, SECOND, minute_start
from telemetra.moments.settings import MomentSettings, apply_overrides, check_overrides
from telemetra.operations.backtest_replay import Replay
from telemetra.operations.moment_models import Backtest, BacktestMoment, BacktestSide
from telemetra.store.backtest import Archive, open_archive
from telemetra.store.database import Database
from telemetra.store.moment_settings import read_overrides

WARM_UP = 6 * 3600 * SECOND
"""What is replayed before the range, so that the detectors know what is usual: a silence so long makes them forget all
before it (telemetra/moments/stream.py), and their baselines are an hour long."""

_NEIGHBOURS = 7200 * SECOND
"""A moment of the range may overlap one of the other side that began so long before the range."""

_FOREVER = 2**62
_LATEST = to_microseconds(datetime(9999, 12, 31, tzinfo=UTC))

Progress = Callable[[int, int], None]
"""(events replayed, events to replay); called between pages."""


class BacktestQuery(msgspec.Struct):
    """Times in microseconds; the range is [start, end). What no event can have counts as 1970 or the year 9999."""

    key: StreamKey
    start: int
    end: int
    overrides: dict[str, Any]

    def __post_init__(self) -> None:
        self.start, self.end = (min(max(time, 0), _LATEST) for time in (self.start, self.end))


@dataclass(frozen=True, slots=True)
class BacktestLimits:
    """What one question may cost. `events`: with those needed before and after the range. `range`: in microseconds."""

    events: int
    range: int


async def backtest(
    database: Database,
    registry: Registry,
    settings: EngineSettings,
    query: BacktestQuery,
    *,
    now: int,
    progress: Progress,
    limits: BacktestLimits | None = None,
) -> Backtest:
    """Replay the stream's archive under its present settings with the overrides. It computes for long: not for an event
    loop that others wait for.

    Raises `NotFound` for an unknown stream, and `Invalid`: settings that are not allowed, an empty range, `no_events`
    in it, `beyond_archive`, `backtest_too_large`.
    """
    if query.start >= query.end:
        raise Invalid("The range is empty: its end must be after its start.", code="invalid_range", field="end_time")
    if limits is not None and query.end - query.start > limits.range:
        raise _too_large(f"the range is longer than {limits.range // (3600 * SECOND)} hours")
    levels = await read_overrides(database, *query.key)
    detection = check_overrides(query.overrides, apply_overrides(*levels))
    async with open_archive(database, query.key) as archive:
        kind = registry.kinds.get(await archive.kind() or "")
        if kind is None:
            raise NotFound(f"There is no stream {query.key[1]!r}.")
        if not kind.series:
            raise Invalid(f"Nothing is detected in streams of the kind {kind.name!r}.", code="no_series")
        begin, whole_history = await _begin(archive, kind, query)
        until = _until(query, settings, detection)
        total = await archive.count(begin, until, None if limits is None else limits.events + 1)
        if limits is not None and total > limits.events:
            raise _too_large(
                f"there are more than {limits.events:,} events (with those needed before and after the range)"
            )
        keep_from = query.start - _NEIGHBOURS
        replay = Replay(registry, settings, detection, start=query.start, end=query.end, keep_from=keep_from)
        await _replay(replay, archive, begin, until, now, lambda done: progress(done, total))
        stored = await archive.moments(keep_from, until)
    hours = replay.hours
    replayed = sorted(replay.moments.values(), key=lambda moment: moment.timestamp)
    return Backtest(
        stream_id=query.key[1],
        start_time=to_datetime(query.start),
        end_time=to_datetime(query.end),
        events=replay.events,
        hours=round(hours, 3),
        warm_up_seconds=max(0, query.start - (replay.first or query.start)) // SECOND,
        whole_history=whole_history,
        settings=detection,
        stored=_side(query, stored, replayed, hours),
        replayed=_side(query, replayed, stored, hours),
    )


async def _begin(archive: Archive, kind: Kind, query: BacktestQuery) -> tuple[int, bool]:
    """Where the replay begins, and whether nothing of the stream was before it. Raises `Invalid` when the archive does
    not hold the range."""
    span = await archive.span()
    if span is None or span[0] >= query.end or span[1] < query.start:
        held = (
            "the archive holds none" if span is None else f"the archive holds {rfc3339(span[0])} to {rfc3339(span[1])}"
        )
        raise Invalid(f"There is no event of this stream in the range: {held}.", code="no_events", field="start_time")
    start, end = minute_start(query.start), minute_start(query.end + MINUTE - 1)
    missing = await archive.missing(kind, start, end)
    if missing is not None:
        detail = (
            f"The archive no longer holds all events of {missing.minutes:,} minutes of the range, "
            f"{rfc3339(missing.first)} to {rfc3339(missing.last)}."
        )
        raise Invalid(detail, code="beyond_archive", field="start_time")
    begin = max(start - WARM_UP, 0)
    missing = await archive.missing(kind, begin, start)
    if missing is not None:
        begin = missing.last + MINUTE
    first_minute = await archive.first_minute(kind)
    oldest = minute_start(span[0])
    return begin, begin <= oldest and (first_minute is None or oldest <= first_minute)


def _until(query: BacktestQuery, settings: EngineSettings, detection: MomentSettings) -> int:
    """By then, moments that began in the range have ended by the rules of the policy, and are seen to have."""
    lasting = (detection.longest_seconds + detection.merge_seconds) * SECOND
    return query.end + lasting + settings.watermark_delay + settings.allowed_lateness + 2 * MINUTE


async def _replay(
    replay: Replay, archive: Archive, begin: int, until: int, now: int, told: Callable[[int], None]
) -> None:
    async for page in archive.pages(begin, until):
        replay.feed(page)
        told(replay.events)
        if replay.settled:
            return
    following = await archive.next_event(until)
    if following is None:
        replay.silence_until(now)
    else:
        replay.feed([following])


def _side(query: BacktestQuery, moments: Sequence[Moment], others: Sequence[Moment], hours: float) -> BacktestSide:
    overlapping = _overlaps(moments, others)
    shown = [moment for moment in moments if query.start <= moment.timestamp < query.end]
    return BacktestSide(
        alarms=len(shown),
        alone=sum(not overlapping[moment.moment_id] for moment in shown),
        alarms_per_hour=round(len(shown) / hours, 3) if hours else 0.0,
        moments=[_present(moment, overlapping[moment.moment_id]) for moment in shown],
    )


def _overlaps(moments: Sequence[Moment], others: Sequence[Moment]) -> dict[UUID, list[UUID]]:
    """For each moment those of the same type on the other side that share time with it. Both sides are in order of
    onset, and the moments of one type and side follow each other."""
    found: dict[UUID, list[UUID]] = {}
    for moment_type in {moment.moment_type for moment in moments}:
        candidates = [other for other in others if other.moment_type == moment_type]
        first = 0
        for moment in (moment for moment in moments if moment.moment_type == moment_type):
            while first < len(candidates) and _ended(candidates[first]) <= moment.timestamp:
                first += 1
            last = first
            while last < len(candidates) and candidates[last].timestamp < _ended(moment):
                last += 1
            found[moment.moment_id] = [other.moment_id for other in candidates[first:last]]
    return found


def _ended(moment: Moment) -> int:
    return _FOREVER if moment.ended_at is None else max(moment.ended_at, moment.timestamp + HOP)


def _present(moment: Moment, overlaps: list[UUID]) -> BacktestMoment:
    return BacktestMoment(
        moment_id=moment.moment_id,
        moment_type=moment.moment_type,
        timestamp=to_datetime(moment.timestamp),
        ended_at=None if moment.ended_at is None else to_datetime(moment.ended_at),
        metric_name=moment.metric_name,
        metric_value=moment.metric_value,
        z_score=moment.z_score,
        severity=moment.severity,
        description=moment.description,
        cause=moment.metadata.get("cause"),
        overlaps=overlaps,
    )


def _too_large(reason: str) -> Invalid:
    detail = f"Too much for one request: {reason}. The command `telemetra backtest` has no limit."
    return Invalid(detail, code="backtest_too_large", field="end_time")
