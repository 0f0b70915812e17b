"""Sentiment of one chat message: a lexicon with the rules of VADER, for the language of chat (valence.py).

The general lexicon is VADER's (Hutto and Gilbert, 2014); words of chat, phrases, emotes and emoji are Telemetra's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from telemetra.text.plain import Reading
from telemetra.text.reading import TOKENS, read
from telemetra.text.tokens import EMOTE

UNIT = 10_000
"""`score` counts in units of 1/10,000, so that sums are exact in whatever order they are made."""

POSITIVE = 500
"""A message with this score or more counts as positive (VADER's +0.05)."""

NEGATIVE = -500
"""A message with this score or less counts as negative (VADER's -0.05)."""

_MOST_EMOTES = 100
_MEMO_ENTRIES = 8_192
_SATURATION = 15 * 100 * 100  # VADER's alpha, in hundredths squared


def score(message: str, emotes: Sequence[str] = ()) -> int:
    """The sentiment of `message` in 1/10,000 (-10,000..10,000); 0 says nothing or is balanced.

    `emotes` are the names that the feed gave: those that do not stand in the text are counted too. Any text is
    accepted. A repeated message costs well under a microsecond.
    """
    valence = read(message).valence
    if emotes:
        unseen = [TOKENS[name] for name in emotes[:_MOST_EMOTES] if name and name not in message]
        valence += sum(token[1] for token in unseen if token[0] == EMOTE)
    return of_valence(valence)


def of_valence(valence: int) -> int:
    """The score of a message of this valence (hundredths of VADER's unit)."""
    return _SCORES[valence]


def scores(readings: Iterable[Reading]) -> list[int]:
    """The scores of messages by what is in their text, in their order."""
    return [_SCORES[reading.valence] for reading in readings]


class _Scores(dict[int, int]):
    """Scores by valence, remembered up to a bound."""

    def __missing__(self, valence: int) -> int:
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        score = self[valence] = round(UNIT * valence / math.sqrt(valence * valence + _SATURATION))
        return score


_SCORES = _Scores()
