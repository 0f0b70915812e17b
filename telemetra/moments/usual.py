"""What an ordinary hop of a stream holds: exponentially weighted means of its facts and of some of its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from telemetra.moments.evidence import HopRecord

HALF_LIFE = 120
"""Hops: twenty minutes."""

_KEEP = 0.5 ** (1 / HALF_LIFE)
_MOST_VALUES = 60


class Usual(msgspec.Struct):
    """Weighted sums over the hops learnt; plain data. `hops`: the weight of all of them, at most about 170."""

    hops: float = 0.0
    facts: dict[str, float] = {}
    counts: dict[str, dict[str, float]] = {}

    def learn(self, record: HopRecord, compared: Iterable[str]) -> None:
        self.hops = self.hops * _KEEP + 1.0
        _add(self.facts, record.facts)
        for name in compared:
            counts = self.counts.setdefault(name, {})
            _add(counts, record.counts.get(name, {}))
            if len(counts) > _MOST_VALUES:
                kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: _MOST_VALUES // 2]
                self.counts[name] = dict(kept)

    def fact_means(self) -> dict[str, float]:
        return _means(self.facts, self.hops)

    def count_means(self) -> dict[str, dict[str, float]]:
        return {name: _means(counts, self.hops) for name, counts in self.counts.items()}


def _add(sums: dict[str, float], values: Mapping[str, float]) -> None:
    for name, value in sums.items():
        sums[name] = value * _KEEP
    for name, value in values.items():
        sums[name] = sums.get(name, 0.0) + value


def _means(sums: Mapping[str, float], hops: float) -> dict[str, float]:
    return {name: value / hops for name, value in sums.items()} if hops else {}
