"""How often Python looks for cycles among what a long-lived process holds."""

from __future__ import annotations

import gc

COLLECTIONS = 50_000, 20, 20
"""Nearly nothing here is a cycle: windows and buffers hold hundreds of thousands of objects that live for a minute, and
looking through them every 700 allocations cost a tenth of the engine's time."""


def collect_rarely() -> None:
    """To be called once, when all that stays for ever has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
