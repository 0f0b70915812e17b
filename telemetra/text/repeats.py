"""Repeated and nearly repeated messages, and who stands for them."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.text.shingles import Words, likeness, words_of

NEARLY = 0.7
"""Messages of at least `_LEAST_WORDS` different words that share so much are the same text, a little changed."""

_LEAST_WORDS = 4
_VARIANTS = 8


class Group:
    """Messages that say the same: `count` of them, written in `variants` (text, count); at most 8 are kept."""

    __slots__ = ("count", "variants", "words")

    def __init__(self, words: Words, text: str, count: int) -> None:
        self.words = words
        self.count = count
        self.variants = [(text, count)]

    def add(self, text: str, count: int) -> None:
        self.count += count
        if len(self.variants) < _VARIANTS:
            self.variants.append((text, count))

    @property
    def medoid(self) -> str:
        """The variant that is most like all others, each as often as it was written."""
        if len(self.variants) == 1:
            return self.variants[0][0]
        sets = [(words_of(text), count) for text, count in self.variants]
        likest = [sum(likeness(words, other) * count for other, count in sets) for words, _ in sets]
        order = sorted(range(len(sets)), key=lambda at: (-likest[at], -sets[at][1], self.variants[at][0]))
        return self.variants[order[0]][0]


def grouped(texts: Iterable[tuple[str, int]]) -> list[Group]:
    """The groups of `texts` (text, count), largest first, ties in the order of appearance.

    Texts with the same words are one group. Longer ones that are nearly the same are found by MinHash (Broder, 1997):
    of two hash functions (the smallest and the largest code) they agree in one most likely, and only then are they
    compared. One pass; the result depends on the order of the texts alone.
    """
    same: dict[Words, Group] = {}
    near: dict[int, Group] = {}
    groups: list[Group] = []
    for text, count in texts:
        words = words_of(text)
        group = same.get(words)
        if group is None:
            if len(words) >= _LEAST_WORDS:
                low, high = min(words), ~max(words)
                group = _same_text(words, near.get(low)) or _same_text(words, near.get(high))
                if group is None:
                    near[low] = near[high] = same[words] = group = Group(words, text, count)
                    groups.append(group)
                    continue
            else:
                same[words] = group = Group(words, text, count)
                groups.append(group)
                continue
        group.add(text, count)
    groups.sort(key=lambda group: -group.count)
    return groups


def _same_text(words: Words, group: Group | None) -> Group | None:
    return group if group is not None and likeness(words, group.words) >= NEARLY else None
