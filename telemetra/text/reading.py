"""A message, split once for everything that is asked about it: emotes, sentiment, likeness to other messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from telemetra.text.codes import WordCodes
from telemetra.text.lexicon import Tokens
from telemetra.text.tokens import NAMED, NOTHING_FOLLOWS, PHRASE
from telemetra.text.valence import LONGEST, valence_of

MOST_WORDS: Final = 60
"""Words of a message that make its likeness: a longer text is told apart by its beginning."""

MEMO_ENTRIES: Final = 8_192
TOKENS: Final = Tokens()
"""What the tokens of all messages say."""

_codes = WordCodes()
_token = TOKENS.__getitem__
_code = _codes.__getitem__


class Reading:
    """What a message holds: the names of its `emotes` in order, its `valence`, and (made when first asked for) the
    codes of its different `words`."""

    __slots__ = ("_words", "emotes", "text", "valence")

    def __init__(self, text: str) -> None:
        self.text = text
        self.emotes: Sequence[str] = ()
        self.valence = 0
        tokens = list(map(_token, text.split()))
        self._words: frozenset[int] | None = None
        # Of most tokens nothing but this is asked, and most messages are done with it.
        felt = marks = 0
        follow = NOTHING_FOLLOWS
        for _, valence, own, word, after in tokens:
            felt += valence
            marks |= own
            if follow is not NOTHING_FOLLOWS and word in follow:
                marks |= PHRASE
            follow = after
        if marks & NAMED:
            self.emotes = [part for part in text.split() if _token(part)[2] & NAMED]
        if len(text) > LONGEST:
            self.valence = Reading(text[:LONGEST]).valence
        elif felt or marks:
            self.valence = valence_of(text, tokens, felt, marks)

    @property
    def words(self) -> frozenset[int]:
        words = self._words
        if words is None:
            words = self._words = frozenset(map(_code, self.text.split(None, MOST_WORDS)))
        return words


_remembered = lru_cache(maxsize=MEMO_ENTRIES)(Reading)


def read(text: str) -> Reading:
    """The reading of any text; those of short texts are remembered up to a bound. A new one costs some microseconds, a
    remembered one a tenth of one."""
    return _remembered(text) if len(text) <= LONGEST else Reading(text)


def forget() -> None:
    """As if the process had just started."""
    TOKENS.clear()
    _codes.clear()
    _remembered.cache_clear()
