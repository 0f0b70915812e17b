"""How sure a difference between two detectors is: a paired bootstrap over the series."""

from __future__ import annotations

import random
from typing import NamedTuple

from benchmarks.nab.scorer import Result, normalised

RESAMPLES = 2_000
SEED = 20


class Difference(NamedTuple):
    """Points of the normalised score by which the first is above the second; `low` to `high` hold 95 % of the
    resamples."""

    low: float
    mean: float
    high: float

    @property
    def sure(self) -> bool:
        return self.low > 0 or self.high < 0


def difference(first: Result, second: Result) -> Difference:
    """Both on the same series drawn again with replacement, each at the threshold chosen on all of them."""
    rng = random.Random(SEED)
    many = len(first.raw)
    found = []
    while len(found) < RESAMPLES:
        drawn = rng.choices(range(many), k=many)
        windows = sum(first.windows[at] for at in drawn)
        if windows:
            raws = (sum(result.raw[at] for at in drawn) for result in (first, second))
            one, other = (normalised(raw, windows, first.profile) for raw in raws)
            found.append(one - other)
    found.sort()
    edge = RESAMPLES // 40
    return Difference(found[edge], first.score - second.score, found[-edge - 1])
