"""The in-process tier: least recently used goes first, bounded in entries and bytes, nothing older than 30 s.

Hand-made over an OrderedDict, since invalidation needs an index by group that eviction keeps in step, and leases.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Generic, NamedTuple, TypeVar

from telemetra.cache.base import Lease, TierStatistics
from telemetra.cache.keys import group, group_of_pattern, is_wild

TIER = "memory"
MAX_AGE_SECONDS = 30.0
DEFAULT_MAX_BYTES = 64 * 1024 * 1024


T = TypeVar("T")
Matcher = Callable[[str], object]


class _Entry(NamedTuple):
    value: bytes
    expires_at: float
    informed: bool


class MemoryCache:
    """The Cache port in one process; every method may be called from any thread.

    `hears_invalidations` says whether this process is told of changes (it owns the pipeline). While it is, what was
    stored when it was not is worthless: that may have missed a change. `monotonic` gives seconds.
    """

    def __init__(
        self,
        max_entries: int,
        *,
        hears_invalidations: Callable[[], bool],
        max_bytes: int = DEFAULT_MAX_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._hears_invalidations = hears_invalidations
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._keys = _Grouped[str]()
        self._leases = _Grouped[Lease]()
        self._bytes = 0
        self._count = dict.fromkeys(("hits", "misses", "stores", "refused", "evictions", "invalidations"), 0)

    async def get(self, key: str) -> bytes | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._count["misses"] += 1
                return None
            if self._monotonic() >= entry.expires_at or (not entry.informed and self._hears_invalidations()):
                self._remove(key)
                self._count["misses"] += 1
                return None
            self._entries.move_to_end(key)
            self._count["hits"] += 1
            return entry.value

    def lease(self, key: str) -> Lease:
        lease = Lease(key, informed=self._hears_invalidations())
        with self._lock:
            self._leases.add(group(key), lease)
        return lease

    async def set(self, lease: Lease, value: bytes, ttl_seconds: float) -> bool:
        with self._lock:
            self._leases.discard(group(lease.key), lease)
            if not lease.valid or len(value) > self._max_bytes:
                self._count["refused"] += 1
                return False
            self._remove(lease.key)
            expires_at = self._monotonic() + min(ttl_seconds, MAX_AGE_SECONDS)
            self._entries[lease.key] = _Entry(value, expires_at, lease.informed)
            self._keys.add(group(lease.key), lease.key)
            self._bytes += len(value)
            self._count["stores"] += 1
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                self._remove(next(iter(self._entries)))
                self._count["evictions"] += 1
            return True

    def release(self, lease: Lease) -> None:
        with self._lock:
            self._leases.discard(group(lease.key), lease)

    async def invalidate(self, pattern: str) -> int:
        with self._lock:
            self._count["invalidations"] += 1
            only = group_of_pattern(pattern)
            names = self._keys.names() | self._leases.names() if only is None else {only}
            held = [name for name in names if self._keys.of(name) or self._leases.of(name)]
            if not held:
                return 0
            matches = _matcher(pattern)
            return sum(self._invalidate_group(name, matches) for name in held)

    def statistics(self) -> list[TierStatistics]:
        with self._lock:
            return [TierStatistics(tier=TIER, entries=len(self._entries), bytes=self._bytes, **self._count)]

    def _invalidate_group(self, name: str, matches: Matcher) -> int:
        for lease in self._leases.of(name):
            lease.valid = lease.valid and not matches(lease.key)
        keys = [key for key in self._keys.of(name) if matches(key)]
        for key in keys:
            self._remove(key)
        return len(keys)

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.value)
            self._keys.discard(group(key), key)


class _Grouped(Generic[T]):
    """Members by the group of their key; empty groups are not kept."""

    def __init__(self) -> None:
        self._members: dict[str, set[T]] = {}

    def add(self, name: str, member: T) -> None:
        self._members.setdefault(name, set()).add(member)

    def discard(self, name: str, member: T) -> None:
        members = self._members.get(name)
        if members is not None:
            members.discard(member)
            if not members:
                del self._members[name]

    def of(self, name: str) -> Iterable[T]:
        return self._members.get(name, ())

    def names(self) -> set[str]:
        return set(self._members)


def _matcher(pattern: str) -> Matcher:
    """A glob as a function; the common shapes, a whole key and a prefix, need no regular expression."""
    if not is_wild(pattern):
        return pattern.__eq__
    prefix = pattern[:-1]
    if pattern.endswith("*") and not is_wild(prefix):
        return lambda key: key.startswith(prefix)
    return re.compile(translate(pattern)).match
