"""How messages are read and likened where nothing is compiled. `_reading.c` does the same, three to five times
as fast; the comments are here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from telemetra.text.phrases import join
from telemetra.text.tokens import IRONIC, NAMED, NOTHING_FOLLOWS, PHRASE, QUESTION, TURNS, Token
from telemetra.text.valence import LONGEST, valence_of

MOST_WORDS = 60
"""Words of a message that make its likeness: a longer text is told apart by its beginning."""

_RULED = PHRASE | TURNS | QUESTION | IRONIC  # the valence may be another one than the sum of what the tokens say


class Reading:
    """What a message holds: the names of its `emotes` in order, its `valence`, and (made when first asked for) the
    codes of its different `words`. Readings of one text are the same reading."""

    __slots__ = ("_codes", "_words", "emotes", "text", "valence")

    def __init__(self, text: str, token: Callable[[str], Token]) -> None:
        self.text = text
        self.emotes: tuple[str, ...] = ()
        parts = text.split()
        tokens = list(map(token, parts))
        # Of most tokens nothing but this is asked, and most messages are done with it.
        felt = marks = 0
        follow = NOTHING_FOLLOWS
        for _, valence, own, word, after, _ in tokens:
            felt += valence
            marks |= own
            if follow is not NOTHING_FOLLOWS and word in follow:
                marks |= PHRASE
            follow = after
        if marks & NAMED:
            self.emotes = tuple([part for part, said in zip(parts, tokens, strict=True) if said[2] & NAMED])
        if len(text) > LONGEST:
            self.valence: int = Reading(text[:LONGEST], token).valence
        elif marks & _RULED or (felt and "!" in text):
            self.valence = valence_of(text, join(tokens) if marks & PHRASE else tokens)
        else:
            self.valence = felt
        self._codes = [said[5] for said in tokens[:MOST_WORDS]]
        self._words: frozenset[int] | None = None

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reading) and self.text == other.text

    @property
    def words(self) -> frozenset[int]:
        words = self._words
        if words is None:
            words = self._words = frozenset(self._codes)
        return words


def alike(readings: Sequence[Reading], least: int, nearly: float) -> list[int]:
    """For each reading the position of the first that says the same, its own where none does.

    The same are those with the same words; with at least `least` words also those that are nearly the same: they share
    `nearly` of all their words (Jaccard). These are found by MinHash (Broder, 1997): of two hash functions (the
    smallest and the largest code) they agree in one most likely, and only then are they compared. One pass; the result
    depends on the order of the readings alone.
    """
    same: dict[frozenset[int], int] = {}
    near: dict[int, int] = {}
    firsts = []
    for at, reading in enumerate(readings):
        words = reading.words
        first = same.get(words)
        if first is None:
            first = at
            if len(words) >= least and words:
                low, high = min(words), ~max(words)
                for other in (near.get(low), near.get(high)):
                    if other is not None and likeness(words, readings[other].words) >= nearly:
                        first = other
                        break
                else:
                    near[low] = near[high] = at
            if first == at:
                same[words] = at
        firsts.append(first)
    return firsts


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Shared words over all words (Jaccard), 0..1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
