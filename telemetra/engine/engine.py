"""Log items in, effects out: duplicates, lateness, windows and moments of all streams of one partition (SPEC 4).

Pure: the pipeline hands in items, times and what the tables know, and stores what comes out. The results depend on
the order of the items and not on how they were batched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from telemetra.engine import effects as fx
from telemetra.engine import letters
from telemetra.engine.plan import KindPlan
from telemetra.engine.runs import PreparedType, add_event, count_at_once, end_of_hop
from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import EventType, Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, LogItem, Rejection, Run, StreamKey, one_by_one
from telemetra.model.stream import StreamInfo, StreamState
from telemetra.model.window import SECOND, Snapshot, minute_start
from telemetra.moments.base import StreamDetectors
from telemetra.moments.settings import MomentSettings

SNAPSHOTS_A_CALL = 5_000

PIECE_EVENTS = 200
"""Events counted between two rests of `Engine.pieces`: some two milliseconds."""

DetectorFactory = Callable[[Kind, str, str], StreamDetectors]
"""(kind, workspace_id, stream_id) -> detectors without history."""


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
        self._unshown: dict[OpenStream, None] = {}  # in the order in which they will be shown
        self._decaying: set[OpenStream] = set()
        self._types = {
            name: PreparedType(registry.by_type[name], declared, registry.decoders[name].decode)
            for name, declared in registry.types.items()
        }
        self._plans = {name: KindPlan(kind) for name, kind in registry.kinds.items()}
        self._detectors = detectors
        self._settings = settings
        self._out = fx.Effects(applied=applied, needs=applied)
        self._changed: set[OpenStream] = set()
        self._heard: set[OpenStream] = set()  # since the last call of `_settle`

    @property
    def applied(self) -> int:
        """The offset after the last item processed."""
        return self._out.applied

    def to_load(self, items: Iterable[LogItem]) -> tuple[set[StreamKey], list[fx.UniqueKey]]:
        """What the tables must be asked before `items` are processed: the streams whose stored state is not here, and
        the unique fields in `items`, which they may know already (see `process`)."""
        runs = [item for item in items if isinstance(item, Run)]
        missing = {(run.workspace_id, run.stream_id) for run in runs} - self.streams.keys()
        keys = []
        for run in runs:
            known_type = self._types.get(run.type)
            if known_type is not None and known_type.declared.unique is not None:
                for data in run.data:
                    with contextlib.suppress(msgspec.MsgspecError):
                        keys.append(_unique_key(known_type.declared, run, known_type.decode(data)))
        return missing, keys

    def load(self, states: Iterable[StreamState]) -> None:
        """Take over stored states, before the first item of their streams."""
        for state in states:
            self.streams[state.workspace_id, state.stream_id] = self._open_stream(state)

    def configure(self, settings_of: Callable[[str, str], MomentSettings]) -> None:
        """Hand all streams in memory the settings of detection that now hold: (workspace_id, stream_id) -> settings."""
        for key, stream in self.streams.items():
            stream.configure(settings_of(*key))

    def refill(self, first: int, items: Sequence[LogItem], dead: Set[int], known: Mapping[fx.UniqueKey, int]) -> None:
        """Fill memory from items whose effects are stored already: nothing is written, no watermark moves.

        `dead`: offsets among them that were recorded as dead. `known`: the offset of the event that made the row of
        each unique key; another event with the key was a duplicate.
        """
        refilled = set()
        for offset, event in enumerate(one_by_one(items), first):
            if isinstance(event, Rejection):
                continue
            stream = self.streams.get((event.workspace_id, event.stream_id))
            if stream is None or offset in dead or minute_start(event.timestamp) < stream.final_until:
                continue
            if event.event_id in stream.seen.get(event.source, ()):
                continue
            known_type = self._types[event.type]
            data: Any = known_type.decode(event.data)
            declared = known_type.declared
            if declared.unique is not None and known.get(_unique_key(declared, event, data)) != offset:
                continue
            add_event(stream, declared, offset, event, data)
            self._note_newest(stream, event)
            refilled.add(stream)
        for stream in refilled:
            stream.settle()
            self._open.add(stream)
            self._unshown[stream] = None

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
        for _ in self.pieces(first, items, now_seconds, known, poison):
            pass

    def pieces(
        self,
        first: int,
        items: Sequence[LogItem],
        now_seconds: float,
        known: dict[fx.UniqueKey, int],
        poison: Mapping[int, str],
    ) -> Iterator[None]:
        """`process`, with a rest after every `PIECE_EVENTS` or so. Nothing else may be asked of the engine before the
        end."""
        call = _Call(now_seconds, known, poison)
        offset = first
        for item in items:
            key = (item.workspace_id, item.source, minute_start(item.received_at))
            counts = self._out.ledger.get(key)
            if counts is None:
                counts = self._out.ledger[key] = [0] * len(fx.LEDGER_COLUMNS)
            call.counts = counts
            if isinstance(item, Rejection):
                self._out.dead.append(letters.rejected(offset, item))
                counts[fx.REJECTED] += 1
            else:
                yield from self._count_run(offset, item, call)
            offset += len(item)
        self._out.applied = offset

    def _count_run(self, offset: int, run: Run, call: _Call) -> Iterator[None]:
        """Count the events of a run, as many at once as may be."""
        known_type = self._types.get(run.type)
        plain = known_type is not None and known_type.plain and not call.poison
        key, start, end = (run.workspace_id, run.stream_id), 0, len(run)
        while start < end:
            stop = end_of_hop(run.timestamps, start) if plain and key in self.streams else start + 1
            part = run if stop - start == end else run.part(start, stop)
            if not (plain and self._count_at_once(offset + start, part, call)):
                for at in range(len(part)):
                    self._count(offset + start + at, part.part(at, at + 1), call)
            start = stop
            call.counted += len(part)
            if call.counted >= PIECE_EVENTS:
                call.counted = 0
                yield

    def _count_at_once(self, offset: int, run: Run, call: _Call) -> bool:
        """Count events of a plain type and of one hop, if they can be counted at once."""
        stream, known_type = self.streams.get((run.workspace_id, run.stream_id)), self._types[run.type]
        if (
            stream is None
            or stream.kind is not known_type.kind
            or minute_start(run.timestamps[0]) < stream.final_until
            or run.received_at - stream.info.last_event_at > self._settings.stream_timeout
            or not count_at_once(stream, known_type, offset, run, self._settings.watermark_delay)
        ):
            return False
        self._out.archive.append((offset, run, "counted"))
        self._heard.add(stream)
        stream.touched_at = call.now_seconds
        call.counts[fx.COUNTED] += len(run)
        return True

    def _count(self, offset: int, run: Run, call: _Call) -> None:
        """Count a run of one event, whatever it is."""
        event, counts = run.event(0), call.counts
        stream = self.streams.get((event.workspace_id, event.stream_id))
        known_type = self._types.get(event.type)
        if known_type is None or offset in call.poison or (stream is not None and stream.kind is not known_type.kind):
            self._out.dead.append(letters.not_counted(offset, event, known_type, call.poison))
            counts[fx.DEAD] += 1
            return
        try:
            data: Any = known_type.decode(event.data)
        except msgspec.MsgspecError as error:
            self._out.dead.append(letters.dead(offset, event, "invalid_data", str(error)))
            counts[fx.DEAD] += 1
            return
        if stream is None:
            stream = self.streams[event.workspace_id, event.stream_id] = self._new_stream(known_type.kind, event)
        stream.touched_at = call.now_seconds
        if event.event_id in stream.seen.get(event.source, ()):
            counts[fx.DUPLICATE] += 1
            self._not_counted(event, fx.STREAM_DUPLICATE)
            return
        if minute_start(event.timestamp) < stream.final_until:
            self._out.archive.append((offset, run, "late"))
            counts[fx.LATE] += 1
            self._not_counted(event, fx.STREAM_LATE)
            self._heard.add(stream)
            return
        declared = known_type.declared
        if declared.unique is not None and call.known.setdefault(_unique_key(declared, event, data), offset) != offset:
            counts[fx.DUPLICATE] += 1
            self._not_counted(event, fx.STREAM_DUPLICATE)
            return
        self._out.archive.append((offset, run, "counted"))
        counts[fx.COUNTED] += 1
        self._heard.add(stream)
        add_event(stream, declared, offset, event, data)
        if event.received_at > stream.info.last_event_at:
            self._note_arrival(stream.info, event)
        if known_type.special:
            self._special(stream, declared, event, data, offset)
        stream.follow(min(event.timestamp, event.received_at), event.received_at, self._settings.watermark_delay)

    def tick(self, now_seconds: float) -> None:
        """To be called with a monotonic time when the log has been read to its end: close what fell silent."""
        self._settle()
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
        self._settle()
        limit = now_seconds - self._settings.stream_timeout / SECOND
        gone = [
            stream
            for stream in self.streams.values()
            if stream.touched_at < limit and not stream.minutes and stream not in self._changed
        ]
        for stream in gone:
            del self.streams[stream.key]
            self._open.discard(stream)
            self._unshown.pop(stream, None)
            self._decaying.discard(stream)
        return len(gone)

    def take_effects(self) -> fx.Effects:
        """Everything since the last call. It must be stored whole, or this engine dropped."""
        self._settle()
        out = self._out
        for stream in self._changed:
            out.minutes += stream.take_rows()
            out.moments += stream.take_moments()
            out.states.append(stream.take_state())
        out.needs = min(
            (minute.first_offset for stream in self._open for minute in stream.minutes.values()), default=out.applied
        )
        self._changed = set()
        self._out = fx.Effects(applied=out.applied, needs=out.needs)
        return out

    def snapshots(self, now: int, *, decaying: bool) -> list[Snapshot]:
        """A snapshot per stream that changed since the last call, and with `decaying` per stream whose last minute
        still holds something: it empties as time goes by. `now` in microseconds. Of very many streams each call takes
        the next `SNAPSHOTS_A_CALL`."""
        self._settle()
        unshown = self._unshown
        if decaying:
            unshown.update(dict.fromkeys(self._decaying))
        streams = list(islice(unshown, SNAPSHOTS_A_CALL))
        for stream in streams:
            del unshown[stream]
        snapshots = [(stream, stream.snapshot(now)) for stream in streams]
        self._decaying.update(stream for stream, shot in snapshots if shot.has_data)
        self._decaying.difference_update(stream for stream, shot in snapshots if not shot.has_data)
        return [shot for _, shot in snapshots]

    def _settle(self) -> None:
        """Note of the streams that events came for what need not be noted for every few of them."""
        heard = self._heard
        if heard:
            self._changed |= heard
            self._open |= heard
            self._unshown.update(dict.fromkeys(heard))
            for stream in heard:
                stream.idle_closed_at = None
            heard.clear()

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

    def _not_counted(self, event: Event, column: int) -> None:
        """The same in the accounts of its stream."""
        key = (event.workspace_id, event.stream_id, minute_start(event.received_at))
        self._out.stream_ledger.setdefault(key, [0] * len(fx.STREAM_LEDGER_COLUMNS))[column] += 1

    def _note_arrival(self, info: StreamInfo, event: Event) -> None:
        if event.received_at - info.last_event_at > self._settings.stream_timeout:
            info.started_at, info.ended_at, info.is_live = event.timestamp, None, True
        info.last_event_at = event.received_at

    def _special(self, stream: OpenStream, declared: EventType, event: Event, data: Any, offset: int) -> None:
        """What only some types ask for: a row in a table of their own, fields of the stream."""
        if declared.row is not None and declared.table is not None:
            row = declared.row(event, data)
            self._out.table_rows.append(fx.TableRow(declared.table, stream.key, offset, row))
        info = stream.info
        if declared.describe is not None and event.timestamp >= info.described.get(event.type, 0):
            info.described[event.type] = event.timestamp
            for name, value in declared.describe(event, data).items():
                setattr(info, name, value)

    def _note_newest(self, stream: OpenStream, event: Event) -> None:
        capped = min(event.timestamp, event.received_at)
        if capped >= stream.newest:
            stream.newest, stream.newest_received_at = capped, event.received_at


@dataclass(slots=True)
class _Call:
    """What one call of `process` was given. `counts`: the ledger's row of the item in turn; `counted`: events since the
    last rest."""

    now_seconds: float
    known: dict[fx.UniqueKey, int]
    poison: Mapping[int, str]
    counts: list[int] = field(default_factory=list)
    counted: int = 0


def _unique_key(declared: EventType, event: Event | Run, data: Any) -> fx.UniqueKey:
    assert declared.table is not None and declared.unique is not None
    return declared.table, event.workspace_id, getattr(data, declared.unique)
