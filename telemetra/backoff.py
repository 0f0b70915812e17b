"""The one back-off: how long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


def delays(uniform: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
    """Seconds to wait before each next attempt, without end: 1, 2, 4, 8, 16, 30, 30 …

    Each is shortened at random by up to a half, so that many who failed together do not come back together.

    Start a new one after a success that has lasted.
    """
    for seconds in DELAYS_SECONDS:
        yield seconds * uniform(0.5, 1.0)
    while True:
        yield DELAYS_SECONDS[-1] * uniform(0.5, 1.0)
