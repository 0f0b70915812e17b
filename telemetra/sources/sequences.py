"""Numbers that are missing from a source's own numbering, as values.

Sources number their messages by stream and channel. A jump is a gap; a number that comes late (a back-fill, a message
out of order) takes itself out of it. The jump over a reconnect belongs to the gap of that disconnect. Numbers that are
missing at the end are noticed with the next message, or are in the gap of the disconnect that silence ends in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from telemetra.formats.feed import SequenceMark

_REMEMBERED_HOLES = 200
"""Holes of a channel that may still be filled by late numbers; older ones stay gaps."""

_MOST_STORED = 400

Key = tuple[str, str]


class Hole(msgspec.Struct):
    """Numbers `first`..`last` of a channel that did not come, between the event times `start` and `end` (µs).

    `missing` counts those that have not come late. `ranges` are what is still missing, in order.
    """

    stream_id: str
    channel: str
    first: int
    last: int
    start: int
    end: int
    ranges: list[tuple[int, int]]

    @property
    def missing(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def take(self, first: int, last: int) -> bool:
        """Numbers have come late; whether any of them was missing here."""
        left: list[tuple[int, int]] = []
        for begin, end in self.ranges:
            if last < begin or first > end:
                left.append((begin, end))
                continue
            if begin < first:
                left.append((begin, first - 1))
            if end > last:
                left.append((last + 1, end))
        changed = left != self.ranges
        self.ranges = left
        return changed


class Observed(NamedTuple):
    """`new` holes, holes that a disconnect has made (`lost`), and holes that late numbers have `filled`."""

    new: list[Hole]
    lost: list[Hole]
    filled: list[Hole]


class Sequences:
    """Follows all channels of one connector. `observe` gives the new holes and those that late numbers have filled."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, str, str], tuple[int, int]] = {}  # newest number and its event time
        self._holes: dict[Key, deque[Hole]] = {}
        self._carried: dict[Key, tuple[int, int]] = {}
        self.before: dict[Key, int] = {}
        """The newest number of each channel before the last disconnect."""

    def reconnected(self) -> None:
        """The next jump of each channel is part of the disconnect."""
        self._carried |= {(stream_id, channel): last for (_, stream_id, channel), last in self._last.items()}
        self.before = {key: last for key, (last, _) in self._carried.items()}
        self._last = {}

    def resume(self, numbers: Mapping[str, Mapping[str, int]], time: int) -> None:
        """What an earlier run has seen last, until about `time`: the jump over its end is part of that gap."""
        for stream_id, channels in numbers.items():
            self._carried |= {(stream_id, channel): (number, time) for channel, number in channels.items()}

    def expect(self, hole: Hole) -> None:
        """A hole that an earlier run has found: late numbers may still fill it."""
        self._holes.setdefault((hole.stream_id, hole.channel), deque(maxlen=_REMEMBERED_HOLES)).append(hole)

    def newest(self) -> dict[str, dict[str, int]]:
        """The newest number by stream and channel; nothing where there are too many to be stored again and again."""
        if len(self._last) + len(self._carried) > _MOST_STORED:
            return {}
        found: dict[str, dict[str, int]] = {}
        for (stream_id, channel), (number, _) in self._carried.items():
            found.setdefault(stream_id, {})[channel] = number
        for (_, stream_id, channel), (number, _) in sorted(self._last.items()):
            found.setdefault(stream_id, {})[channel] = number
        return found

    def follows(self, mark: SequenceMark, time: int, connection: int = 0) -> bool:
        """The usual case, quickly: takes the mark if it is the next one, else leaves it to `observe`."""
        key = (connection, mark.stream_id, mark.channel)
        before = self._last.get(key)
        if before is None or before[0] + 1 != mark.first:
            return False
        self._last[key] = (mark.last, time)
        return True

    def observe(self, marks: Sequence[SequenceMark], time: int, connection: int = 0) -> Observed:
        """`time` is the event time of the message. Each connection of a source is followed by itself."""
        new: list[Hole] = []
        lost: list[Hole] = []
        filled: list[Hole] = []
        for mark in marks:
            key = (connection, mark.stream_id, mark.channel)
            before = self._last.get(key)
            if before is not None and mark.first == before[0] + 1:
                self._last[key] = (mark.last, time)  # the usual case
                continue
            if mark.first == 0:
                self._last[key] = (mark.last, time)
                continue
            if before is None:
                self._forget_before(connection - 1)  # of a planned change two are open at once, never more
                before = self._carried.pop(key[1:], None)
                old = self._last.get((connection - 1, *key[1:]))  # read to its end, after a planned change
                self._last[key] = (mark.last, time)
                if old is not None:
                    new += [self._hole(old, mark, time)] if mark.first > old[0] + 1 else []
                elif before is not None and mark.first > before[0] + 1:
                    lost.append(self._hole(before, mark, time))
                continue
            if mark.first > before[0]:
                new.append(self._hole(before, mark, time))
            else:
                filled += self.late(mark)
            if mark.last > before[0]:
                self._last[key] = (mark.last, time)
        return Observed(new, lost, filled)

    def late(self, mark: SequenceMark) -> list[Hole]:
        """Numbers that came late, by themselves or by a back-fill: the holes that they complete."""
        key = (mark.stream_id, mark.channel)
        carried = self._carried.get(key)
        if carried is not None and mark.first <= carried[0] + 1 <= mark.last:
            self._carried[key] = (mark.last, carried[1])  # fetched before the new connection has shown the jump
        holes = self._holes.get(key)
        if not holes:
            return []
        filled = [hole for hole in holes if hole.take(mark.first, mark.last) and not hole.ranges]
        for hole in filled:
            holes.remove(hole)
        return filled

    def _forget_before(self, connection: int) -> None:
        self._last = {key: last for key, last in self._last.items() if key[0] >= connection}

    def _hole(self, before: tuple[int, int], mark: SequenceMark, time: int) -> Hole:
        key, first, last = (mark.stream_id, mark.channel), before[0] + 1, mark.first - 1
        hole = Hole(*key, first, last, min(before[1], time), max(before[1], time), [(first, last)])
        self.expect(hole)
        return hole
