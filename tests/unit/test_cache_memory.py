"""The bounds of the in-process tier."""

from __future__ import annotations

from telemetra.cache.memory import MemoryCache


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(max_entries: int = 10, *, max_bytes: int = 1000, hears: bool = True) -> tuple[MemoryCache, Seconds]:
    clock = Seconds()
    cache = MemoryCache(max_entries, hears_invalidations=lambda: hears, max_bytes=max_bytes, monotonic=clock)
    return cache, clock


async def put(cache: MemoryCache, name: str, value: bytes = b"1", ttl_seconds: float = 300) -> bool:
    return await cache.set(cache.lease(name), value, ttl_seconds)


async def test_the_least_recently_used_goes_first() -> None:
    cache, _ = make(max_entries=3)
    for name in "abc":
        await put(cache, name)
    await cache.get("a")
    await put(cache, "b", b"again")
    await put(cache, "d")
    assert [await cache.get(name) is not None for name in "abcd"] == [True, True, False, True]
    assert cache.statistics()[0].evictions == 1


async def test_bytes_are_bounded_too() -> None:
    cache, _ = make(max_bytes=100)
    await put(cache, "a", b"x" * 60)
    await put(cache, "b", b"x" * 60)
    assert await cache.get("a") is None
    assert not await put(cache, "c", b"x" * 101)
    assert cache.statistics()[0].bytes == 60


async def test_expiry_is_the_ttl_and_thirty_seconds_at_most() -> None:
    cache, clock = make()
    await put(cache, "short", ttl_seconds=5)
    await put(cache, "long", ttl_seconds=300)
    clock.now = 4.9
    assert await cache.get("short") is not None
    clock.now = 5.0
    assert await cache.get("short") is None
    clock.now = 29.9
    assert await cache.get("long") is not None
    clock.now = 30.0
    assert await cache.get("long") is None
    assert cache.statistics()[0].entries == 0


async def test_what_was_stored_before_the_process_heard_of_changes_is_not_used_after() -> None:
    hears = False
    cache = MemoryCache(10, hears_invalidations=lambda: hears)
    await put(cache, "a")
    assert await cache.get("a") == b"1"
    hears = True
    assert await cache.get("a") is None


async def test_nothing_is_left_of_what_went() -> None:
    cache, _ = make()
    for n in range(100):
        lease = cache.lease(f"metrics:w:{n}:1")
        if n % 2:
            await cache.set(lease, b"1", 30)
        else:
            cache.release(lease)
    await cache.invalidate("*")
    assert not cache._keys.names()
    assert not cache._leases.names()
    assert cache.statistics()[0].bytes == 0
