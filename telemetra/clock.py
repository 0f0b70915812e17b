"""The one place that reads the wall clock. Everything else is handed a time or a `Clock`."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the time now in integer microseconds since the epoch (UTC)."""


def system_clock() -> int:
    return time.time_ns() // 1000
