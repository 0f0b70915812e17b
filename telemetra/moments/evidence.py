"""What people said and showed during a moment: the most frequent values of its hops, merged and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telemetra.model.window import HOPS_PER_WINDOW

PER_HOP = 5
"""Values kept of each recent hop, per evidence name."""

_LONGEST_VALUE = 200
_MOST_VALUES = 50

Counts = dict[str, dict[str, int]]
"""Evidence name to value to count."""


class RecentEvidence:
    """The evidence of the hops of the last window: a moment begins before it is noticed."""

    __slots__ = ("hops",)

    def __init__(self) -> None:
        self.hops: list[Counts] = []

    def push(self, evidence: Mapping[str, Sequence[tuple[str, int]]]) -> Counts:
        hop = {
            name: {value[:_LONGEST_VALUE]: count for value, count in pairs[:PER_HOP]}
            for name, pairs in evidence.items()
            if pairs
        }
        self.hops.append(hop)
        if len(self.hops) > HOPS_PER_WINDOW:
            del self.hops[0]
        return hop

    def since(self, hops: int) -> Counts:
        """The merged evidence of the last `hops` hops."""
        merged: Counts = {}
        for hop in self.hops[-hops:]:
            merge(merged, hop)
        return merged


def merge(into: Counts, hop: Counts) -> None:
    """Add a hop's counts; the rarest values are dropped when there are too many."""
    for name, values in hop.items():
        counts = into.setdefault(name, {})
        for value, count in values.items():
            counts[value] = counts.get(value, 0) + count
        if len(counts) > _MOST_VALUES:
            into[name] = dict(top(counts, _MOST_VALUES // 2))


def top(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """The most frequent values with their counts, ties by value."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
