"""The Cache port: encoded answers, kept for a while and forgotten when their subject changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec


class TierStatistics(msgspec.Struct):
    """What one tier has done since it started. `refused` counts answers that were outdated before they were stored."""

    tier: str
    entries: int
    bytes: int
    hits: int
    misses: int
    stores: int
    refused: int
    evictions: int
    invalidations: int


@dataclass(slots=True, eq=False)
class Lease:
    """The right to store one value: taken before it is computed, void once an invalidation matches its key.

    `informed`: the process was being told of changes when the lease was taken.
    """

    key: str
    informed: bool = True
    valid: bool = True


class Cache(Protocol):
    """Values are encoded JSON, never objects. Keys are parts joined by colons, see keys.py.

    Reads and `lease` are called from the event loop of the API; `invalidate` when the pipeline tells of a
    commit and before it is published. No method raises for a tier that is out of reach: that counts as a miss.
    """

    async def get(self, key: str) -> bytes | None:
        """The stored value, or None: never stored, expired, evicted or invalidated."""

    def lease(self, key: str) -> Lease:
        """Called before a value is computed; the lease is given to `set` or to `release`, exactly once."""

    async def set(self, lease: Lease, value: bytes, ttl_seconds: float) -> bool:
        """Store the value unless the lease is void: then it may show what was true before a change. True if stored."""

    def release(self, lease: Lease) -> None:
        """Give a lease back without a value: the computation failed."""

    async def invalidate(self, pattern: str) -> int:
        """Forget all keys that match the glob (`*`, `?`, `[…]`) and void the leases on them. Returns how many."""

    def statistics(self) -> list[TierStatistics]:
        """One entry per tier, fastest first."""
