"""Chance that is the same every time: a generator of random numbers for each thing by its name."""

from __future__ import annotations

import math
from random import Random


def chance(*name: object) -> Random:
    """The generator of what `name` says (the seed first); the same name always gives the same numbers."""
    return Random("/".join(map(str, name)))  # noqa: S311 - a simulation keeps no secrets


def poisson(rng: Random, mean: float) -> int:
    """How many events happen where `mean` (below 500) are expected."""
    limit = math.exp(-mean)
    product = rng.random()
    count = 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
