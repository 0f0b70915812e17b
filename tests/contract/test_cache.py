"""What every Cache must do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from telemetra.cache.base import Cache
from telemetra.cache.keys import key, pattern_of_lists, patterns_of_stream
from telemetra.cache.memory import MemoryCache


def memory() -> Cache:
    return MemoryCache(1000, hears_invalidations=lambda: True)


@pytest.fixture(params=[memory])
def cache(request: pytest.FixtureRequest) -> Cache:
    make: Callable[[], Cache] = request.param
    return make()


async def put(cache: Cache, name: str, value: bytes = b"1", ttl_seconds: float = 30) -> bool:
    return await cache.set(cache.lease(name), value, ttl_seconds)


async def test_gives_back_what_was_stored(cache: Cache) -> None:
    assert await cache.get("a:b:c") is None
    assert await put(cache, "a:b:c", b"null")
    assert await cache.get("a:b:c") == b"null"
    assert await put(cache, "a:b:c", b"2")
    assert await cache.get("a:b:c") == b"2"


async def test_a_value_computed_before_an_invalidation_is_not_stored_after_it(cache: Cache) -> None:
    lease = cache.lease("metrics:w:s:100")
    await cache.invalidate("metrics:w:s:*")
    assert not await cache.set(lease, b"old", 30)
    assert await cache.get("metrics:w:s:100") is None
    assert await put(cache, "metrics:w:s:100", b"new")
    assert await cache.get("metrics:w:s:100") == b"new"


async def test_an_invalidation_of_something_else_does_not_void_a_lease(cache: Cache) -> None:
    lease = cache.lease("metrics:w:s:100")
    await cache.invalidate("metrics:w:other:*")
    assert await cache.set(lease, b"1", 30)


async def test_a_released_lease_leaves_no_value(cache: Cache) -> None:
    cache.release(cache.lease("a:b:c"))
    assert await cache.get("a:b:c") is None


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("metrics:w:a:1", {"metrics:w:a:1"}),
        ("metrics:w:a:*", {"metrics:w:a:1", "metrics:w:a:2"}),
        ("metrics:w:*", {"metrics:w:a:1", "metrics:w:a:2", "metrics:w:ab:1"}),
        ("metrics:w:a?:1", {"metrics:w:ab:1"}),
        ("*:w:[ab]:1", {"metrics:w:a:1", "moments:w:a:1"}),
        ("*:1", {"metrics:w:a:1", "metrics:w:ab:1", "moments:w:a:1"}),
        ("*", {"metrics:w:a:1", "metrics:w:a:2", "metrics:w:ab:1", "moments:w:a:1"}),
        ("metrics:w:a", set()),
        ("nothing:*", set()),
    ],
)
async def test_invalidation_by_glob(cache: Cache, pattern: str, gone: set[str]) -> None:
    names = {"metrics:w:a:1", "metrics:w:a:2", "metrics:w:ab:1", "moments:w:a:1"}
    leases = {name: cache.lease(name) for name in names}
    for name in names:
        await put(cache, name)
    assert await cache.invalidate(pattern) == len(gone)
    assert {name for name in names if await cache.get(name) is None} == gone
    assert {name for name, lease in leases.items() if not await cache.set(lease, b"late", 30)} == gone


async def test_what_a_stream_and_its_lists_are_kept_under_is_what_their_patterns_forget(cache: Cache) -> None:
    stream_id = "a:b*[c]?"
    mine = [key(prefix, "w", stream_id, 100, None) for prefix in ("metrics", "moments", "stream")]
    others = [key("metrics", "w", "a", "b", 100), key("metrics", "w", "a:b", 100), key("metrics", "v", stream_id, 100)]
    lists = [key("streams:list", "w", 100, 0, None, None)]
    for name in mine + others + lists:
        await put(cache, name)
    for pattern in patterns_of_stream("w", stream_id):
        await cache.invalidate(pattern)
    assert [await cache.get(name) for name in mine] == [None] * 3
    assert None not in [await cache.get(name) for name in others + lists]
    assert await cache.invalidate(pattern_of_lists("w")) == 1


async def test_statistics_count_each_tier(cache: Cache) -> None:
    await put(cache, "a:b:c", b"12345")
    await cache.get("a:b:c")
    await cache.get("a:b:absent")
    await cache.invalidate("a:b:c")
    tiers = cache.statistics()
    assert sum(tier.hits for tier in tiers) == 1
    assert tiers[0].misses == 1
    assert (tiers[0].stores, tiers[0].invalidations, tiers[0].entries) == (1, 1, 0)


async def test_invalidation_from_another_thread(cache: Cache) -> None:
    """As the pipeline does it: no value that was computed before it may be there after it."""
    with ThreadPoolExecutor(1) as threads:
        for round_number in range(200):
            lease = cache.lease("metrics:w:s:1")
            done = threads.submit(_finish, cache.invalidate("metrics:w:s:*"))
            await cache.set(lease, str(round_number).encode(), 30)
            done.result()
            assert await cache.get("metrics:w:s:1") is None


def _finish(work: object) -> None:
    """Run a coroutine that never waits."""
    with pytest.raises(StopIteration):
        work.send(None)  # type: ignore[attr-defined]
