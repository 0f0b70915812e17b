"""Sentiment of one chat message: a lexicon with the rules of VADER, for the language of chat.

The general lexicon is VADER's (Hutto and Gilbert, 2014); words of chat, emotes and emoji are Telemetra's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from telemetra.text.lexicon import BOOST, BUT, DAMPEN, EMOTE, NEGATE, WORD_LIMIT, Codes

UNIT = 10_000
"""`score` counts in units of 1/10,000, so that sums are exact in whatever order they are made."""

POSITIVE = 500
"""A message with this score or more counts as positive (VADER's +0.05)."""

NEGATIVE = -500
"""A message with this score or less counts as negative (VADER's -0.05)."""

_LONGEST = 1_000  # code points that are read; intake admits 500
_MOST_EMOTES = 100
_MEMO_ENTRIES = 8_192

_BOOST = 29
_NEGATION_REACH = 3
_EXCLAMATION = 29
_MOST_EXCLAMATIONS = 4
_SATURATION = 15 * 100 * 100  # VADER's alpha, in hundredths squared

_CODES = Codes()


def score(message: str, emotes: Sequence[str] = ()) -> int:
    """The sentiment of `message` in 1/10,000 (-10,000..10,000); 0 says nothing or is balanced.

    `emotes` are the names that the feed gave: those that do not stand in the text are counted too. Any text is
    accepted. A repeated message costs well under a microsecond.
    """
    valence = _valence(message[:_LONGEST])
    if emotes:
        unseen = [name for name in emotes[:_MOST_EMOTES] if name not in message]
        if unseen:
            codes = _CODES
            valence += sum(codes[name] - EMOTE for name in unseen if WORD_LIMIT < codes[name] < NEGATE)
    if not valence:
        return 0
    return round(UNIT * valence / math.sqrt(valence * valence + _SATURATION))


@lru_cache(maxsize=_MEMO_ENTRIES)
def _valence(message: str) -> int:
    """The summed valence of a message in hundredths of VADER's unit."""
    codes = list(map(_CODES.__getitem__, message.split()))
    if not any(codes):
        return 0
    total = 0
    weight = 2  # halves: 2 before a "but", 3 after it
    emphasis = 0
    negated = 0  # tokens that a negation still reaches
    for code in codes:
        if code >= NEGATE:
            if code == NEGATE:
                negated = _NEGATION_REACH + 1
            elif code == BOOST:
                emphasis = _BOOST
            elif code == DAMPEN:
                emphasis = -_BOOST
            elif code == BUT:
                total //= 2
                weight, negated = 3, 0
        elif code > WORD_LIMIT:
            total += code - EMOTE
        elif code:
            value = code + emphasis if code > 0 else code - emphasis
            if negated:
                value = -value * 3 // 4
            total += value * weight // 2
            emphasis = 0
        else:
            emphasis = 0
        if negated:
            negated -= 1
    if total and (exclamations := message.count("!")):
        push = min(exclamations, _MOST_EXCLAMATIONS) * _EXCLAMATION
        total += push if total > 0 else -push
    return total
