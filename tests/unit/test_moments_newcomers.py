"""Who was never seen before: exact while there are few, a fair sample of them beyond, and exactly rebuilt."""

from __future__ import annotations

import random
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.moments.newcomers import CAPACITY, NEW_FOR_HOPS, Newcomers


def codes(*numbers: int) -> list[int]:
    return [crc32(str(number).encode()) for number in numbers]


def test_a_newcomer_is_one_for_two_minutes() -> None:
    memory = Newcomers()
    assert memory.take(codes(1, 2, 3)) == (3, 3)
    assert memory.take(codes(3, 4)) == (2, 2)
    for _ in range(NEW_FOR_HOPS - 1):
        memory.take([])
    assert memory.take(codes(1, 2, 3, 4, 5)) == (5, 1)


def test_of_many_a_fair_sample_is_remembered() -> None:
    memory = Newcomers()
    for start in range(0, 50_000, 100):
        memory.take(codes(*range(start, start + 100)))
    for _ in range(NEW_FOR_HOPS):
        memory.take([])
    assert len(memory.state().seen) <= CAPACITY
    # Half of these were there before.
    sampled = newcomers = 0
    for start in range(45_000, 55_000, 1_000):
        seen, new = memory.take(codes(*range(start, start + 1_000)))
        sampled, newcomers = sampled + seen, newcomers + new
    assert 0.012 <= sampled / 10_000 <= 0.035
    assert 0.35 <= newcomers / sampled <= 0.65


def test_the_order_within_a_hop_does_not_matter() -> None:
    numbers = list(range(3_000))
    one, other = Newcomers(), Newcomers()
    one.take(codes(*numbers))
    random.Random(1).shuffle(numbers)
    other.take(codes(*numbers))
    assert one.state() == other.state()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 40))
def test_the_restored_memory_goes_on_exactly(seed: int, cut: int) -> None:
    rng = random.Random(seed)
    hops = [codes(*{rng.randrange(4_000) for _ in range(rng.randrange(120))}) for _ in range(40)]
    whole, first, second = Newcomers(), Newcomers(), Newcomers()
    expected = [whole.take(hop) for hop in hops]
    found = [first.take(hop) for hop in hops[:cut]]
    second.restore(first.state())
    assert found + [second.take(hop) for hop in hops[cut:]] == expected
    assert second.state() == whole.state()
