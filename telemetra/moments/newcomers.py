"""Who has not been seen in this stream before, as far as a bounded memory can tell."""

from __future__ import annotations

from collections.abc import Iterable

CAPACITY = 1_000
"""Codes kept: up to so many participants the answer is exact, beyond it that of a fair sample of them."""

_BITS = 32
_MIX = 0x9E3779B1  # spreads codes evenly before the low bits choose (Knuth's multiplicative hashing)


class Newcomers:
    """Distinct sampling (Gibbons, 2001): of the codes (32 bits) those are kept whose mixed low bits are zero.

    When there are too many, one more bit must be zero and half of them go. Nothing that is kept is ever wrong, what is
    kept depends only on the codes seen and not on their order, and two memories merge by their union.
    """

    __slots__ = ("_seen", "_zero_bits")

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._zero_bits = 0

    def take(self, codes: Iterable[int]) -> tuple[int, int]:
        """Remember `codes` (different ones); how many of them belong to the sample, and how many of those are new."""
        mask = (1 << self._zero_bits) - 1
        sampled = [code for code in codes if not (code * _MIX >> 16) & mask]
        before = len(self._seen)
        self._seen.update(sampled)
        new = len(self._seen) - before
        while len(self._seen) > CAPACITY and self._zero_bits < _BITS - 16:
            self._zero_bits += 1
            mask = (1 << self._zero_bits) - 1
            self._seen = {code for code in self._seen if not (code * _MIX >> 16) & mask}
        return len(sampled), new

    def state(self) -> list[int]:
        return [self._zero_bits, *sorted(self._seen)]

    def restore(self, state: list[int]) -> None:
        self._zero_bits, self._seen = (state[0], set(state[1:])) if state else (0, set())
