"""Log items in, effects out: duplicates, lateness, windows and moments of all streams of one partition (SPEC 4).

Pure: the pipeline hands in items, times and what the tables know, and stores what comes out. The results depend on
the order of the items and not on how they were batched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from telemetra.engine import effects as fx
from telemetra.engine.plan import KindPlan
from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import EventType, Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, LogItem, Rejection, StreamKey
from telemetra.model.stream import StreamInfo, StreamState
from telemetra.model.times import rfc3339
from telemetra.model.window import MINUTE, SECOND, Snapshot, minute_start
from telemetra.moments.base import StreamDetectors

DetectorFactory = Callable[[Kind, str, str], StreamDetectors]
"""(kind, workspace_id, stream_id) -> detectors without history."""

_EVENT_FIELDS = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Microseconds but for `anomaly_z`; the defaults are those of SPEC 4."""

    watermark_delay: int = 10 * SECOND
    allowed_lateness: int = 60 * SECOND
    idle_close: int = 10 * SECOND
    stream_timeout: int = 600 * SECOND
    anomaly_z: float = 3.0


class Engine:
    """All streams of one partition. After an error anywhere it is dropped and rebuilt, never repaired."""

    def __init__(self, registry: Registry, detectors: DetectorFactory, settings: EngineSettings, applied: int) -> None:
        self.streams: dict[StreamKey, OpenStream] = {}
        self._open: set[OpenStream] = set()
        self._unshown: set[OpenStream] = set()
        self._decaying: set[OpenStream] = set()
        self._registry = registry
        self._plans = {name: KindPlan(kind) for name, kind in registry.kinds.items()}
        self._detectors = detectors
        self._settings = settings
        self._out = fx.Effects(applied=applied, needs=applied)
        self._changed: set[OpenStream] = set()

    def missing(self, items: Iterable[LogItem]) -> set[StreamKey]:
        """Streams of `items` whose stored state must be loaded before the items are processed."""
        keys = {(item.workspace_id, item.stream_id) for item in items if type(item) is Event}
        return {key for key in keys if key not in self.streams}

    def unique_keys(self, items: Iterable[LogItem]) -> list[fx.UniqueKey]:
        """Unique fields in `items`, which the tables may know already (see `process`)."""
        types, keys = self._registry.types, []
        for item in items:
            if type(item) is Event and (declared := types.get(item.type)) is not None and declared.unique is not None:
                try:
                    data = self._registry.decoders[item.type].decode(item.data)
                except msgspec.MsgspecError:
                    continue
                keys.append(_unique_key(declared, item, data))
        return keys

    def load(self, states: Iterable[StreamState]) -> None:
        """Take over stored states, before the first item of their streams."""
        for state in states:
            self.streams[state.workspace_id, state.stream_id] = self._open_stream(state)

    def refill(self, first: int, items: Sequence[LogItem], dead: Set[int], known: Mapping[fx.UniqueKey, int]) -> None:
        """Fill memory from items whose effects are stored already: nothing is written, no watermark moves.

        `dead`: offsets among them that were recorded as dead. `known`: the offset of the event that made the row of
        each unique key; another event with the key was a duplicate.
        """
        refilled = set()
        for offset, item in enumerate(items, first):
            if type(item) is not Event or offset in dead:
                continue
            stream = self.streams.get((item.workspace_id, item.stream_id))
            key = (item.source, item.event_id)
            if stream is None or minute_start(item.timestamp) < stream.final_until or key in stream.seen:
                continue
            declared = self._registry.types[item.type]
            data: Any = self._registry.decoders[item.type].decode(item.data)
            if declared.unique is not None and known.get(_unique_key(declared, item, data)) != offset:
                continue
            lane = item.type if declared.lane is None else declared.lane(item, data)
            stream.add((item, data), lane, offset, key)
            self._note_newest(stream, item)
            refilled.add(stream)
        for stream in refilled:
            stream.settle()
            self._open.add(stream)
            self._unshown.add(stream)

    def process(
        self,
        first: int,
        items: Sequence[LogItem],
        now_seconds: float,
        known: dict[fx.UniqueKey, int],
        poison: Mapping[int, str],
    ) -> None:
        """Count items. `now_seconds` is monotonic. `known` as in `refill`; new keys are added to it. `poison`: offsets
        that made the database refuse a checkpoint, with the reason: they become dead letters."""
        types, decoders, streams, by_type = (
            self._registry.types,
            self._registry.decoders,
            self.streams,
            self._registry.by_type,
        )
        ledger, changed = _Ledger(self._out.ledger), self._changed
        for offset, item in enumerate(items, first):
            if isinstance(item, Rejection):
                self._reject(offset, item)
                ledger.add(item, fx.REJECTED)
                continue
            kind = by_type.get(item.type)
            stream = streams.get((item.workspace_id, item.stream_id))
            if offset in poison:
                self._dead(offset, item, "refused_by_database", poison[offset])
                continue
            if kind is None or (stream is not None and stream.plan.kind is not kind):
                self._dead(offset, item, *_wrong_kind(item, kind, stream))
                continue
            try:
                data: Any = decoders[item.type].decode(item.data)
            except msgspec.MsgspecError as error:
                self._dead(offset, item, "invalid_data", str(error))
                continue
            if stream is None:
                stream = streams[item.workspace_id, item.stream_id] = self._new_stream(kind, item)
            stream.touched_at = now_seconds
            fate = self._count(stream, types[item.type], item, data, offset, known)
            if fate != fx.DUPLICATE:
                changed.add(stream)
            ledger.add(item, fate)
        self._open |= changed
        self._unshown |= changed
        for stream in changed:
            stream.idle_closed_at = None
        self._out.applied = first + len(items)

    def _count(
        self,
        stream: OpenStream,
        declared: EventType,
        event: Event,
        data: Any,
        offset: int,
        known: dict[fx.UniqueKey, int],
    ) -> int:
        """Judge one event and, if it counts, do all that follows. Returns its column in the ledger."""
        time, received_at = event.timestamp, event.received_at
        key = (event.source, event.event_id)
        if key in stream.seen:
            return fx.DUPLICATE
        if time - time % MINUTE < stream.final_until:
            self._out.archive.append(fx.Archived(offset, event, "late"))
            return fx.LATE
        if declared.unique is not None and known.setdefault(_unique_key(declared, event, data), offset) != offset:
            return fx.DUPLICATE
        self._out.archive.append(fx.Archived(offset, event, "counted"))
        stream.add((event, data), event.type if declared.lane is None else declared.lane(event, data), offset, key)
        self._inform(stream.info, declared, event, data)
        if declared.row is not None and declared.table is not None:
            row = declared.row(event, data)
            self._out.table_rows.append(fx.TableRow(declared.table, stream.key, offset, row))
        # One clock that runs ahead must make nobody late: no event moves the watermark beyond its own arrival.
        capped = time if time < received_at else received_at
        if capped >= stream.newest:
            stream.newest, stream.newest_received_at = capped, received_at
        watermark = capped - self._settings.watermark_delay
        if watermark >= stream.next_step:
            stream.advance(watermark)
        elif watermark > stream.watermark:
            stream.watermark = watermark
        return fx.COUNTED

    def tick(self, now_seconds: float) -> None:
        """To be called with a monotonic time when the log has been read to its end: close what fell silent."""
        idle_seconds = self._settings.idle_close / SECOND
        lateness_seconds = self._settings.allowed_lateness / SECOND
        for stream in list(self._open):
            if not stream.minutes:
                self._open.discard(stream)
            elif stream.idle_closed_at is None:
                if now_seconds - stream.touched_at >= idle_seconds:
                    stream.close_idle()
                    stream.idle_closed_at = now_seconds
                    self._changed.add(stream)
            elif now_seconds - stream.idle_closed_at >= lateness_seconds:
                stream.finalise_idle()
                self._changed.add(stream)

    def start_idle_timers(self, now_seconds: float) -> None:
        """After a rebuild: the silence of every stream is counted from now."""
        for stream in self.streams.values():
            stream.touched_at = now_seconds

    def evict(self, now_seconds: float) -> int:
        """Forget streams that have been silent for the stream timeout; their state is stored. Returns how many."""
        limit = now_seconds - self._settings.stream_timeout / SECOND
        gone = [
            stream
            for stream in self.streams.values()
            if stream.touched_at < limit and not stream.minutes and stream not in self._changed
        ]
        for stream in gone:
            del self.streams[stream.key]
            self._open.discard(stream)
            self._unshown.discard(stream)
            self._decaying.discard(stream)
        return len(gone)

    def take_effects(self) -> fx.Effects:
        """Everything since the last call. It must be stored whole, or this engine dropped."""
        out = self._out
        for stream in self._changed:
            out.minutes += stream.take_rows()
            out.moments += stream.take_moments()
            out.states.append(stream.state())
        out.needs = min(
            (minute.first_offset for stream in self._open for minute in stream.minutes.values()), default=out.applied
        )
        self._changed = set()
        self._out = fx.Effects(applied=out.applied, needs=out.needs)
        return out

    def snapshots(self, now: int, *, decaying: bool) -> list[Snapshot]:
        """A snapshot per stream that changed since the last call, and with `decaying` per stream whose last minute
        still holds something: it empties as time goes by. `now` in microseconds."""
        streams = self._unshown | self._decaying if decaying else self._unshown
        snapshots = [(stream, stream.snapshot(now)) for stream in streams]
        self._unshown = set()
        self._decaying.update(stream for stream, shot in snapshots if shot.has_data)
        self._decaying.difference_update(stream for stream, shot in snapshots if not shot.has_data)
        return [shot for _, shot in snapshots]

    def _open_stream(self, state: StreamState) -> OpenStream:
        plan = self._plans[state.info.kind]
        return OpenStream(
            plan,
            state,
            self._detectors(plan.kind, state.workspace_id, state.stream_id),
            allowed_lateness=self._settings.allowed_lateness,
            anomaly_z=self._settings.anomaly_z,
        )

    def _new_stream(self, kind: Kind, event: Event) -> OpenStream:
        info = StreamInfo(
            kind=kind.name,
            streamer_name=event.stream_id,
            started_at=event.timestamp,
            last_event_at=event.received_at,
        )
        return self._open_stream(StreamState(event.workspace_id, event.stream_id, info))

    def _inform(self, info: StreamInfo, declared: EventType, event: Event, data: Any) -> None:
        if event.received_at - info.last_event_at > self._settings.stream_timeout:
            info.started_at, info.ended_at, info.is_live = event.timestamp, None, True
        info.last_event_at = max(info.last_event_at, event.received_at)
        if declared.describe is not None and event.timestamp >= info.described.get(event.type, 0):
            info.described[event.type] = event.timestamp
            for name, value in declared.describe(event, data).items():
                setattr(info, name, value)

    def _note_newest(self, stream: OpenStream, event: Event) -> None:
        capped = min(event.timestamp, event.received_at)
        if capped >= stream.newest:
            stream.newest, stream.newest_received_at = capped, event.received_at

    def _reject(self, offset: int, item: Rejection) -> None:
        self._out.dead.append(
            fx.DeadLetter(
                offset,
                "rejected",
                item.workspace_id,
                item.source,
                item.code,
                f"item {item.index}: {item.detail}",
                item.raw,
                item.received_at,
                item.correlation_id,
            )
        )

    def _dead(self, offset: int, event: Event, code: str, detail: str) -> None:
        raw = _EVENT_FIELDS.encode(
            {
                "event_id": event.event_id,
                "type": event.type,
                "workspace_id": event.workspace_id,
                "stream_id": event.stream_id,
                "source": event.source,
                "timestamp": rfc3339(event.timestamp),
                "correlation_id": event.correlation_id,
                "data": msgspec.Raw(event.data),
            }
        )
        self._out.dead.append(
            fx.DeadLetter(
                offset,
                "dead",
                event.workspace_id,
                event.source,
                code,
                detail,
                raw,
                event.received_at,
                event.correlation_id,
            )
        )
        _Ledger(self._out.ledger).add(event, fx.DEAD)


class _Ledger:
    """Counts by (workspace, source, minute of arrival); events of one request follow each other."""

    def __init__(self, counts: dict[fx.LedgerKey, list[int]]) -> None:
        self._counts = counts
        self._last: tuple[str, str, int] | None = None
        self._row: list[int] = []

    def add(self, item: LogItem, column: int) -> None:
        key = (item.workspace_id, item.source, item.received_at)
        if key != self._last:
            self._last = key
            minute = (item.workspace_id, item.source, minute_start(item.received_at))
            self._row = self._counts.setdefault(minute, [0] * len(fx.LEDGER_COLUMNS))
        self._row[column] += 1


def _wrong_kind(event: Event, kind: Kind | None, stream: OpenStream | None) -> tuple[str, str]:
    if kind is None or stream is None:
        return "unknown_type", f"no kind declares {event.type}"
    return "wrong_kind", f"{event.type} does not belong to a stream of kind {stream.plan.kind.name}"


def _unique_key(declared: EventType, event: Event, data: Any) -> fx.UniqueKey:
    assert declared.table is not None and declared.unique is not None
    return declared.table, event.workspace_id, getattr(data, declared.unique)
