"""Repeated and nearly repeated messages, and who stands for them."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.text.plain import likeness
from telemetra.text.reading import alike, words_of

_VARIANTS = 8


class Group:
    """Messages that say the same: `count` of them, written in `variants` (text, count); at most 8 are kept. `first` is
    the text of the first of them."""

    __slots__ = ("count", "variants")

    def __init__(self, text: str, count: int) -> None:
        self.count = count
        self.variants = [(text, count)]

    def add(self, text: str, count: int) -> None:
        self.count += count
        if len(self.variants) < _VARIANTS:
            self.variants.append((text, count))

    @property
    def first(self) -> str:
        return self.variants[0][0]

    @property
    def words(self) -> frozenset[int]:
        """The codes of the words of the first."""
        return words_of(self.first)

    @property
    def medoid(self) -> str:
        """The variant that is most like all others, each as often as it was written."""
        variants = self.variants
        if len(variants) == 1:
            return self.first
        sets = [(words_of(text), count) for text, count in variants]
        likest = [sum(likeness(words, other) * count for other, count in sets) for words, _ in sets]
        order = sorted(range(len(sets)), key=lambda at: (-likest[at], -sets[at][1], variants[at][0]))
        return variants[order[0]][0]


def grouped(texts: Iterable[tuple[str, int]]) -> tuple[list[Group], list[str]]:
    """What of `texts` (text, count) was said more than once, largest group first, and what was said once, both in the
    order of appearance otherwise."""
    items = list(texts)
    firsts = alike([text for text, _ in items])
    repeated: dict[int, Group] = {}
    for at, (first, (text, count)) in enumerate(zip(firsts, items, strict=True)):
        if first != at:
            group = repeated.get(first)
            if group is None:
                group = repeated[first] = Group(*items[first])
            group.add(text, count)
        elif count > 1:
            repeated[at] = Group(text, count)
    once = [text for at, (text, _) in enumerate(items) if firsts[at] == at and at not in repeated]
    by_size = sorted(repeated, key=lambda at: (-repeated[at].count, at))
    return [repeated[at] for at in by_size], once
