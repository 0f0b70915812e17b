"""Events of one run and one hop are counted at once, as nearly all can be.

What such an event changes for the next one is nothing but which ids were seen: its hop is never one that its time makes
the stream observe, and its minute never one that becomes final.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import Entries, EventType, Kind
from telemetra.model.event import Event, Run
from telemetra.model.window import HOP, hop_start

MOST_AT_ONCE = 1_000
"""Events counted without a rest: some milliseconds."""


class PreparedType:
    """An event type, prepared for the loop. `special`: it asks for more than being counted."""

    __slots__ = ("_decode_all", "declared", "decode", "kind", "special")

    def __init__(self, kind: Kind, declared: EventType, decode: Callable[[bytes], Any]) -> None:
        self.kind = kind
        self.declared = declared
        self.decode = decode
        self._decode_all = msgspec.json.Decoder(list[declared.model]).decode  # type: ignore[name-defined]
        self.special = declared.row is not None or declared.describe is not None

    @property
    def plain(self) -> bool:
        """Whether events may be counted at once: nothing is to be done for each of them alone."""
        return not self.special and self.declared.unique is None

    def decode_all(self, data: list[bytes]) -> list[Any]:
        """The models of JSON objects; raises `MsgspecError` if one of them is no such model."""
        models = self._decode_all(b"[%b]" % b",".join(data))
        if len(models) != len(data):
            raise msgspec.DecodeError("not one object each")
        return models


def end_of_hop(times: list[int], start: int) -> int:
    """Up to where (exclusive) the times from `start` on lie in one hop, `MOST_AT_ONCE` at most."""
    low = hop_start(times[start])
    high = low + HOP
    some = times[start : start + MOST_AT_ONCE]
    if low <= min(some) and max(some) < high:
        return start + len(some)
    return start + next(at for at, time in enumerate(some) if not low <= time < high)


def count_at_once(stream: OpenStream, known_type: PreparedType, offset: int, run: Run, delay: int) -> bool:
    """Count events of one hop of a minute that is not final, if none of them is a repeat or cannot be read: else
    nothing is done, and the answer is False. `offset`: of the first one; `delay`: of the watermark."""
    ids, times = run.event_ids, run.timestamps
    fresh = set(ids)
    if len(fresh) < len(ids) or not fresh.isdisjoint(stream.seen.get(run.source, ())):
        return False
    try:
        data = known_type.decode_all(run.data)
    except msgspec.MsgspecError:
        return False
    entries = _by_lane(known_type.declared, run.stream_id, Entries(times, data))
    stream.add(offset, run.source, ids, hop_start(times[0]), entries)
    stream.info.last_event_at = max(stream.info.last_event_at, run.received_at)
    stream.follow(min(max(times), run.received_at), run.received_at, delay)
    return True


def add_event(stream: OpenStream, declared: EventType, offset: int, event: Event, data: Any) -> None:
    """Count one event of a minute that is not final and whose id was not seen."""
    entries = _by_lane(declared, event.stream_id, Entries([event.timestamp], [data]))
    stream.add(offset, event.source, [event.event_id], hop_start(event.timestamp), entries)


def _by_lane(declared: EventType, stream_id: str, entries: Entries) -> Mapping[str | None, Entries]:
    lane_of = declared.lane
    if lane_of is None:
        return {declared.name: entries}
    lanes = [lane_of(stream_id, data) for data in entries.data]
    if lanes.count(lanes[0]) == len(lanes):
        return {lanes[0]: entries}
    by_lane: dict[str | None, Entries] = {}
    for lane, time, data in zip(lanes, *entries, strict=True):
        times, models = by_lane.setdefault(lane, Entries([], []))
        times.append(time)
        models.append(data)
    return by_lane
