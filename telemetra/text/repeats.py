"""Repeated and nearly repeated messages, and who stands for them."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from telemetra.text.reading import MOST_WORDS, read
from telemetra.text.shingles import Words, likeness, words_of

NEARLY = 0.7
"""Messages of at least `_LEAST_WORDS` different words that share so much are the same text, a little changed."""

_LEAST_WORDS = 4
_VARIANTS = 8
_LEAST_SHARED = tuple(next(few for few in range(more + 1) if few >= NEARLY * more) for more in range(MOST_WORDS + 2))
"""So many words must be shared with a text of so many words."""


class Group:
    """Messages that say the same: `count` of them, written in `variants` (text, count); at most 8 are kept. `first` is
    the text of the first of them."""

    __slots__ = ("_first_count", "_others", "count", "first", "words")

    def __init__(self, words: Words, text: str, count: int) -> None:
        self.words = words
        self.first = text
        self.count = self._first_count = count
        self._others: list[tuple[str, int]] | None = None  # most texts stand alone

    def add(self, text: str, count: int) -> None:
        self.count += count
        if self._others is None:
            self._others = [(text, count)]
        elif len(self._others) < _VARIANTS - 1:
            self._others.append((text, count))

    @property
    def variants(self) -> list[tuple[str, int]]:
        return [(self.first, self._first_count), *(self._others or ())]

    @property
    def medoid(self) -> str:
        """The variant that is most like all others, each as often as it was written."""
        if self._others is None:
            return self.first
        variants = self.variants
        sets = [(words_of(text), count) for text, count in variants]
        likest = [sum(likeness(words, other) * count for other, count in sets) for words, _ in sets]
        order = sorted(range(len(sets)), key=lambda at: (-likest[at], -sets[at][1], variants[at][0]))
        return variants[order[0]][0]


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
        words = read(text).words
        group = same.get(words)
        if group is not None:
            group.add(text, count)
            continue
        if len(words) >= _LEAST_WORDS:
            low, high = min(words), ~max(words)
            for group in (near.get(low), near.get(high)):
                if group is not None and _is_same_text(words, group.words):
                    group.add(text, count)
                    break
            else:
                near[low] = near[high] = same[words] = group = Group(words, text, count)
                groups.append(group)
        else:
            same[words] = group = Group(words, text, count)
            groups.append(group)
    groups.sort(key=attrgetter("count"), reverse=True)
    return groups


def _is_same_text(one: Words, other: Words) -> bool:
    fewer, more = len(one), len(other)
    if fewer > more:
        fewer, more = more, fewer
    # They cannot share more than all words of the one that has fewer.
    return fewer >= _LEAST_SHARED[more] and likeness(one, other) >= NEARLY
