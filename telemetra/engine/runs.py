"""Runs: events of one stream and one hop that are counted at once, as nearly all can be.

What such an event changes for the next one is nothing but which ids were seen: its hop is never one that its time makes
the stream observe, and its minute never one that becomes final.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from telemetra.engine.effects import Archived
from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import Entry, EventType, Kind
from telemetra.model.window import HOP, MINUTE, hop_start, minute_start


class PreparedType:
    """An event type, prepared for the loop. `special`: it asks for more than being counted."""

    __slots__ = ("declared", "decode", "kind", "special")

    def __init__(self, kind: Kind, declared: EventType, decode: Callable[[bytes], Any]) -> None:
        self.kind = kind
        self.declared = declared
        self.decode = decode
        self.special = declared.row is not None or declared.describe is not None

    @property
    def plain(self) -> bool:
        """Whether its events may be counted before or after those of other streams, whatever the order of the log."""
        return not self.special and self.declared.unique is None


def run_of(stream: OpenStream, group: Sequence[Archived], timeout: int) -> Sequence[Archived]:
    """The first ones of a group that may be counted at once: of one type, in one hop of a minute that is not final. If
    the first one must be counted by itself, that one. `group`: of one stream and one row of the ledger; `timeout`: a
    stream that was silent for so long is back with its next event."""
    times = [event.timestamp for _, event, _ in group]
    types = [event.type for _, event, _ in group]
    low = hop_start(times[0])
    arrived_before = minute_start(group[0][1].received_at) + MINUTE
    if minute_start(low) < stream.final_until or arrived_before - stream.info.last_event_at > timeout:
        return group[:1]
    high = low + HOP
    if low <= min(times) and max(times) < high and types.count(types[0]) == len(types):
        return group
    fits = [low <= time < high and name == types[0] for time, name in zip(times, types, strict=True)]
    return group[: fits.index(False)]


def count_run(stream: OpenStream, prepared: PreparedType, run: Sequence[Archived], delay: int) -> bool:
    """Count a run, if no event in it is a repeat or cannot be read: else nothing is done, and the answer is False.
    `delay`: of the watermark."""
    events = [event for _, event, _ in run]
    decode = prepared.decode
    try:
        entries = [(event, decode(event.data)) for event in events]
    except msgspec.MsgspecError:
        return False
    if not stream.add_run(run[0][0], events, _by_lane(prepared.declared, entries)):
        return False
    arrivals = [event.received_at for event in events]
    stream.info.last_event_at = max(stream.info.last_event_at, *arrivals)
    times = [event.timestamp if event.timestamp < event.received_at else event.received_at for event in events]
    newest = max(times)
    stream.follow(newest, arrivals[-1 - times[::-1].index(newest)], delay)
    return True


def _by_lane(declared: EventType, entries: list[Entry]) -> dict[str | None, list[Entry]]:
    if declared.lane is None:
        return {declared.name: entries}
    lane_of = declared.lane
    lanes = [lane_of(event, data) for event, data in entries]
    if lanes.count(lanes[0]) == len(lanes):
        return {lanes[0]: entries}
    by_lane: dict[str | None, list[Entry]] = {}
    for lane, entry in zip(lanes, entries, strict=True):
        by_lane.setdefault(lane, []).append(entry)
    return by_lane
