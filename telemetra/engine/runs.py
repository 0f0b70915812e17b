"""Runs: events of one stream and one hop that are counted at once, as nearly all can be.

What such an event changes for the next one is nothing but which ids were seen: its hop is never one that its time makes
the stream observe, and its minute never one that becomes final.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from telemetra.engine.effects import Archived
from telemetra.engine.stream import OpenStream
from telemetra.kinds.base import Entry, EventType, Kind
from telemetra.model.event import Event
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


class Run(NamedTuple):
    """Events that may be counted at once, each as it will stand in the archive, and their times."""

    archived: Sequence[Archived]
    events: list[Event]
    times: list[int]


def run_of(stream: OpenStream, group: Sequence[Archived], timeout: int) -> Run:
    """The first ones of a group that may be counted at once: of one type, in one hop of a minute that is not final. If
    the first one must be counted by itself, that one. `group`: of one stream and one row of the ledger; `timeout`: a
    stream that was silent for so long is back with its next event."""
    events = [event for _, event, _ in group]
    times = [event.timestamp for event in events]
    types = [event.type for event in events]
    low = hop_start(times[0])
    high = low + HOP
    arrived_before = minute_start(events[0].received_at) + MINUTE
    if minute_start(low) < stream.final_until or arrived_before - stream.info.last_event_at > timeout:
        length = 1
    elif low <= min(times) and max(times) < high and types.count(types[0]) == len(types):
        return Run(group, events, times)
    else:
        fits = [low <= time < high and name == types[0] for time, name in zip(times, types, strict=True)]
        length = fits.index(False)
    return Run(group[:length], events[:length], times[:length])


def count_run(stream: OpenStream, prepared: PreparedType, run: Run, delay: int) -> bool:
    """Count a run, if no event in it is a repeat or cannot be read: else nothing is done, and the answer is False.
    `delay`: of the watermark."""
    events, times, decode = run.events, run.times, prepared.decode
    try:
        entries = [(event, decode(event.data)) for event in events]
    except msgspec.MsgspecError:
        return False
    if not stream.add_run(run.archived[0][0], events, _by_lane(prepared.declared, entries)):
        return False
    arrivals = [event.received_at for event in events]
    last, newest = max(arrivals), max(times)
    stream.info.last_event_at = max(stream.info.last_event_at, last)
    if newest > min(arrivals):
        times = [min(pair) for pair in zip(times, arrivals, strict=True)]
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
