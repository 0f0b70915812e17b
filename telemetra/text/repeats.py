"""Repeated and nearly repeated messages, and who stands for them."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.text.plain import Reading, likeness
from telemetra.text.reading import alike

_VARIANTS = 8


class Group:
    """Messages that say the same: `count` of them, written in `variants` (message, count); at most 8 are kept. `first`
    is the first of them."""

    __slots__ = ("_medoid", "count", "variants")

    def __init__(self, message: Reading, count: int) -> None:
        self.count = count
        self.variants = [(message, count)]
        self._medoid: str | None = None

    def add(self, message: Reading, count: int) -> None:
        self.count += count
        if len(self.variants) < _VARIANTS:
            self.variants.append((message, count))
            self._medoid = None

    @property
    def first(self) -> Reading:
        return self.variants[0][0]

    @property
    def medoid(self) -> str:
        """The text of the variant that is most like all others, each as often as it was written."""
        if self._medoid is None:
            self._medoid = self.first.text if len(self.variants) == 1 else self._likest()
        return self._medoid

    def _likest(self) -> str:
        variants = self.variants
        sets = [(message.words, count) for message, count in variants]
        likest = [0.0] * len(sets)
        if any(words != sets[0][0] for words, _ in sets):
            likest = [sum([likeness(words, other) * count for other, count in sets]) for words, _ in sets]
        order = sorted(range(len(sets)), key=lambda at: (-likest[at], -variants[at][1], variants[at][0].text))
        return variants[order[0]][0].text


def grouped(messages: Iterable[tuple[Reading, int]]) -> tuple[list[Group], list[Reading]]:
    """What of `messages` (message, count) was said more than once, largest group first, and what was said once, both in
    the order of appearance otherwise."""
    items = list(messages)
    firsts = alike([message for message, _ in items])
    repeated: dict[int, Group] = {}
    for at, (first, (message, count)) in enumerate(zip(firsts, items, strict=True)):
        if first != at:
            group = repeated.get(first)
            if group is None:
                group = repeated[first] = Group(*items[first])
            group.add(message, count)
        elif count > 1:
            repeated[at] = Group(message, count)
    once = [message for at, (message, _) in enumerate(items) if firsts[at] == at and at not in repeated]
    by_size = sorted(repeated, key=lambda at: (-repeated[at].count, at))
    return [repeated[at] for at in by_size], once
