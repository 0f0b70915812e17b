"""What people said and showed during a moment: values and facts of its hops, merged and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from telemetra.model.window import Observation
from telemetra.text.codes import code_of

PER_HOP = 10
"""Values kept of each recent hop, per evidence name."""

_LONGEST_VALUE = 200
_MOST_VALUES = 50
_MOST_HAPPENINGS = 10

Counts = dict[str, dict[str, int]]
"""Evidence name to value to count."""


class HopRecord(msgspec.Struct):
    """What is remembered of one hop; plain data."""

    counts: Counts
    facts: dict[str, float]


class Evidence(msgspec.Struct):
    """The merged records of `hops` hops, and what was announced; plain data."""

    hops: int = 0
    counts: Counts = {}
    facts: dict[str, float] = {}
    happenings: list[dict[str, Any]] = []

    def add(self, record: HopRecord) -> None:
        """Add a hop; the rarest values are dropped when there are too many."""
        self.hops += 1
        for name, fact in record.facts.items():
            self.facts[name] = self.facts.get(name, 0.0) + fact
        for name, values in record.counts.items():
            counts = self.counts.setdefault(name, {})
            for value, count in values.items():
                counts[value] = counts.get(value, 0) + count
            if len(counts) > _MOST_VALUES:
                # Of values that are equally rare a fair sample stays, not the first of the alphabet.
                kept = sorted(counts.items(), key=lambda item: (-item[1], code_of(item[0])))[: _MOST_VALUES // 2]
                self.counts[name] = dict(kept)

    def tell(self, happenings: list[dict[str, Any]]) -> None:
        self.happenings = (self.happenings + happenings)[:_MOST_HAPPENINGS]


def record_of(observation: Observation) -> HopRecord:
    counts = {
        name: {value[:_LONGEST_VALUE]: count for value, count in pairs[:PER_HOP]}
        for name, pairs in observation.evidence.items()
        if pairs
    }
    return HopRecord(counts, dict(observation.facts))


def top(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """The most frequent values with their counts, ties by value."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
