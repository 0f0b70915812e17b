"""Who has not been seen in this stream before, as far as a bounded memory can tell."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

CAPACITY = 1_000
"""Codes kept: up to so many participants the answer is exact, beyond it that of a fair sample of them."""

NEW_FOR_HOPS = 12
"""Who came for the first time in the last two minutes is a newcomer, however much he has said since."""

_MOST_ZERO_BITS = 16
_MIX = 0x9E3779B1  # spreads codes evenly before their low bits choose (Knuth's multiplicative hashing)


class NewcomersState(msgspec.Struct):
    """Everything that must survive a restart. `young`: codes first seen in each of the last hops, oldest first."""

    zero_bits: int = 0
    seen: list[int] = []
    young: list[list[int]] = []


class Newcomers:
    """Distinct sampling (Gibbons, 2001): of the codes (32 bits) those are kept whose mixed low bits are zero.

    When there are too many, one more bit must be zero and half of them go. Nothing that is kept is ever wrong, what is
    kept depends only on the codes seen and not on their order, and two memories merge by their union.
    """

    __slots__ = ("_newcomers", "_ordered", "_seen", "_unordered", "_young", "_zero_bits")

    def __init__(self) -> None:
        self._zero_bits = 0
        self._seen: set[int] = set()
        self._ordered: list[int] = []  # those seen, as of the last `state`,
        self._unordered: list[int] = []  # and those that came since
        self._young: list[list[int]] = []
        self._newcomers: set[int] = set()  # all that are young

    def take(self, codes: Iterable[int]) -> tuple[int, int]:
        """Take in the codes of a hop (different ones); how many of them belong to the sample, and how many of those are
        newcomers."""
        sampled = self._sample(codes)
        first_seen = sampled - self._seen
        self._young.append(sorted(first_seen))
        self._newcomers |= first_seen
        if len(self._young) > NEW_FOR_HOPS:
            self._newcomers.difference_update(self._young.pop(0))
        self._seen |= first_seen
        self._unordered += first_seen
        newcomers = len(sampled & self._newcomers)
        while len(self._seen) > CAPACITY and self._zero_bits < _MOST_ZERO_BITS:
            self._zero_bits += 1
            self._seen = self._sample(self._seen)
            self._ordered, self._unordered = [], list(self._seen)
            self._young = [[code for code in codes if code in self._seen] for codes in self._young]
            self._newcomers &= self._seen
        return len(sampled), newcomers

    def _sample(self, codes: Iterable[int]) -> set[int]:
        mask = (1 << self._zero_bits) - 1
        return {code for code in codes if not (code * _MIX >> 16) & mask} if mask else set(codes)

    def state(self) -> NewcomersState:
        if self._unordered:
            # What is nearly in order already is sorted in a fifth of the time.
            self._ordered = sorted([*self._ordered, *self._unordered])
            self._unordered.clear()
        return NewcomersState(self._zero_bits, self._ordered, self._young)

    def restore(self, state: NewcomersState) -> None:
        self._zero_bits, self._ordered, self._young = state.zero_bits, state.seen, state.young
        self._seen = set(state.seen)
        self._unordered = []
        self._newcomers = set().union(*self._young)
