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
from telemetra.engine.runs import PreparedType, count_run, run_of
from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import EventType, Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, LogItem, Rejection, StreamKey
from telemetra.model.stream import StreamInfo, StreamState
from telemetra.model.window import MINUTE, SECOND, Snapshot, minute_start
from telemetra.moments.base import StreamDetectors
from telemetra.moments.settings import MomentSettings

SNAPSHOTS_A_CALL = 5_000

PIECE_ITEMS = 100
"""Items counted between two rests of `Engine.pieces`: one or two milliseconds."""

GROUPED_ITEMS = 1_000
"""Items that are looked at before those of one stream are counted together."""

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
        self._registry = registry
        self._types = {
            name: PreparedType(registry.by_type[name], declared, registry.decoders[name].decode)
            for name, declared in registry.types.items()
        }
        self._plain = frozenset(name for name, prepared in self._types.items() if prepared.plain)
        self._unique = frozenset(name for name, declared in registry.types.items() if declared.unique is not None)
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
        found = {(item.workspace_id, item.stream_id, item.type) for item in items if type(item) is Event}
        missing = {(workspace_id, stream_id) for workspace_id, stream_id, _ in found} - self.streams.keys()
        if self._unique.isdisjoint(name for _, _, name in found):
            return missing, []
        keys = []
        for item in items:
            if type(item) is Event and item.type in self._unique:
                known_type = self._types[item.type]
                with contextlib.suppress(msgspec.MsgspecError):
                    keys.append(_unique_key(known_type.declared, item, known_type.decode(item.data)))
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
        for offset, item in enumerate(items, first):
            if type(item) is not Event or offset in dead:
                continue
            stream = self.streams.get((item.workspace_id, item.stream_id))
            if stream is None or minute_start(item.timestamp) < stream.final_until:
                continue
            if item.event_id in stream.seen.get(item.source, ()):
                continue
            declared = self._registry.types[item.type]
            data: Any = self._registry.decoders[item.type].decode(item.data)
            if declared.unique is not None and known.get(_unique_key(declared, item, data)) != offset:
                continue
            lane = item.type if declared.lane is None else declared.lane(item, data)
            stream.add((item, data), lane, offset)
            self._note_newest(stream, item)
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
        """`process`, with a rest after every `PIECE_ITEMS` or so. Nothing else may be asked of the engine before the
        end."""
        call = _Call(now_seconds, known, poison)
        plain = () if poison else self._plain
        groups: dict[str, list[fx.Archived]] = {}
        source, workspace_id, minute, minute_end = "", "", 0, 0
        for start in range(0, len(items), GROUPED_ITEMS):
            for offset, item in enumerate(items[start : start + GROUPED_ITEMS], first + start):
                arrived = minute <= item.received_at < minute_end
                if not arrived or item.source != source or item.workspace_id != workspace_id:
                    # From here on items stand in another row of the ledger.
                    yield from self._count_groups(groups, call)
                    source, workspace_id, minute = item.source, item.workspace_id, minute_start(item.received_at)
                    minute_end = minute + MINUTE
                    key = (workspace_id, source, minute)
                    call.counts = self._out.ledger.setdefault(key, [0] * len(fx.LEDGER_COLUMNS))
                if isinstance(item, Rejection):
                    self._out.dead.append(letters.rejected(offset, item))
                    call.counts[fx.REJECTED] += 1
                elif item.type in plain:
                    group = groups.get(item.stream_id)
                    if group is None:
                        groups[item.stream_id] = [(offset, item, "counted")]
                    else:
                        group.append((offset, item, "counted"))
                else:
                    self._count_group(groups.pop(item.stream_id, []), call)
                    self._count(offset, item, call)
            yield from self._count_groups(groups, call)
        self._out.applied = first + len(items)

    def _count_groups(self, groups: dict[str, list[fx.Archived]], call: _Call) -> Iterator[None]:
        for group in groups.values():
            self._count_group(group, call)
            if call.counted >= PIECE_ITEMS:
                call.counted = 0
                yield
        groups.clear()

    def _count_group(self, group: Sequence[fx.Archived], call: _Call) -> None:
        """Count events of plain types, of one stream and one row of the ledger, as many at once as may be."""
        settings = self._settings
        while group:
            first, length = group[0][1], 1
            stream, known_type = self.streams.get((first.workspace_id, first.stream_id)), self._types[first.type]
            if stream is not None and stream.kind is known_type.kind and len(group) > 1:
                run = run_of(stream, group, settings.stream_timeout)
                length = len(run.archived)
                if length > 1 and count_run(stream, known_type, run, settings.watermark_delay):
                    self._out.archive += run.archived
                    self._heard.add(stream)
                    stream.touched_at = call.now_seconds
                    call.counts[fx.COUNTED] += length
                    call.counted += length
                    group = group[length:]
                    continue
            for offset, event, _ in group[:length]:
                self._count(offset, event, call)
            group = group[length:]

    def _count(self, offset: int, event: Event, call: _Call) -> None:
        """Count one event, whatever it is."""
        counts = call.counts
        call.counted += 1
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
            self._out.archive.append((offset, event, "late"))
            counts[fx.LATE] += 1
            self._not_counted(event, fx.STREAM_LATE)
            self._heard.add(stream)
            return
        declared = known_type.declared
        if declared.unique is not None and call.known.setdefault(_unique_key(declared, event, data), offset) != offset:
            counts[fx.DUPLICATE] += 1
            self._not_counted(event, fx.STREAM_DUPLICATE)
            return
        self._out.archive.append((offset, event, "counted"))
        counts[fx.COUNTED] += 1
        self._heard.add(stream)
        lane = event.type if declared.lane is None else declared.lane(event, data)
        stream.add((event, data), lane, offset)
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
    """What one call of `process` was given. `counts`: the ledger's row of the items in turn; `counted`: items since the
    last rest."""

    now_seconds: float
    known: dict[fx.UniqueKey, int]
    poison: Mapping[int, str]
    counts: list[int] = field(default_factory=list)
    counted: int = 0


def _unique_key(declared: EventType, event: Event, data: Any) -> fx.UniqueKey:
    assert declared.table is not None and declared.unique is not None
    return declared.table, event.workspace_id, getattr(data, declared.unique)
