"""What two messages have in common: each as a set of word codes, the same for `LOOOL!`, `Lol` and `lol`."""

from __future__ import annotations

from telemetra.text.reading import read

Words = frozenset[int]


def words_of(text: str) -> Words:
    """The codes of the different words of `text` (its shingles are single words: chat is short)."""
    return read(text).words


def likeness(one: Words, other: Words) -> float:
    """Shared words over all words (Jaccard), 0..1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
