"""Sentiment of one chat message: a lexicon with the rules of VADER, for the language of chat.

The general lexicon is VADER's (Hutto and Gilbert, 2014); words of chat, phrases, emotes and emoji are Telemetra's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from telemetra.text.lexicon import UNKNOWN, Tokens
from telemetra.text.phrases import join
from telemetra.text.tokens import (
    ALONE,
    ASKED,
    ASKS,
    BOOST,
    BUT,
    DAMPEN,
    EMOTE,
    ENDS,
    GENIUS,
    IRONY,
    LAUGH,
    MISHAP,
    NEGATE,
    NOTHING,
    PRAISE,
    SKILL,
    STARTS,
    WONDERS,
    WORD,
    Token,
)

UNIT = 10_000
"""`score` counts in units of 1/10,000, so that sums are exact in whatever order they are made."""

POSITIVE = 500
"""A message with this score or more counts as positive (VADER's +0.05)."""

NEGATIVE = -500
"""A message with this score or less counts as negative (VADER's -0.05)."""

_LONGEST = 1_000  # code points that are read; intake admits 500
_MOST_EMOTES = 100
_MEMO_ENTRIES = 8_192

_EMPHASIS = 29
_NEGATION_REACH = 3
_WEAK = 10  # words of at most this valence are not felt because a booster is beside them
_EXCLAMATION = 29
_MOST_EXCLAMATIONS = 4
_COMPLAINT = 60  # what is at least this bad makes the laughter beside it mockery
_SATURATION = 15 * 100 * 100  # VADER's alpha, in hundredths squared

_TOKENS = Tokens()


def score(message: str, emotes: Sequence[str] = ()) -> int:
    """The sentiment of `message` in 1/10,000 (-10,000..10,000); 0 says nothing or is balanced.

    `emotes` are the names that the feed gave: those that do not stand in the text are counted too. Any text is
    accepted. A repeated message costs well under a microsecond.
    """
    valence = _valence(message[:_LONGEST])
    if emotes:
        unseen = [_TOKENS[name] for name in emotes[:_MOST_EMOTES] if name and name not in message]
        valence += sum(token.valence for token in unseen if token.kind == EMOTE)
    if not valence:
        return 0
    return round(UNIT * valence / math.sqrt(valence * valence + _SATURATION))


@lru_cache(maxsize=_MEMO_ENTRIES)
def _valence(message: str) -> int:
    """The valence of what is meant by a message, in hundredths of VADER's unit."""
    if message[:1] == "!" and message[1:2].isalnum():
        return 0  # a command to a bot, with its arguments
    tokens = list(map(_TOKENS.__getitem__, message.split()))
    if tokens.count(UNKNOWN) == len(tokens):
        return 0
    if any(token.marks & STARTS for token in tokens):
        tokens = join(tokens)
    first = tokens[0].marks
    if first & (ASKS | ASKED | WONDERS):
        tokens = _asked(tokens, wholly=bool(first & ASKED) or message.rstrip().endswith("?"))
    said, laughter, marks = _read(tokens)
    if said and (exclamations := message.count("!")):
        push = min(exclamations, _MOST_EXCLAMATIONS) * _EXCLAMATION
        said += push if said > 0 else -push
    # Praise may be mockery only where the message begins with it.
    praise = PRAISE & marks & (first | tokens[:2][-1].marks)
    return _meant(said, laughter, marks & ~PRAISE | praise)


def _asked(tokens: list[Token], *, wholly: bool) -> list[Token]:
    """What is asked about is not felt (`is it good?`), unless a booster says so (`why is it so slow?`).

    Without a question mark (`wholly` false) only the first word tells: then complaints stay, as they often begin so.
    """
    if not wholly and not tokens[0].marks & WONDERS:
        return tokens
    before = (tokens[0], *tokens)
    return [
        Token(NOTHING, 0, token.marks)
        if token.kind == WORD and (wholly or token.valence > 0) and last.kind != BOOST and not token.marks & LAUGH
        else token
        for last, token in zip(before, tokens, strict=False)
    ]


def _read(tokens: Sequence[Token]) -> tuple[int, int, int]:
    """The valence of what is said, that of the laughter, and the marks of the message."""
    total = laughter = letters = marks = 0
    weight = 2  # halves: 2 before a "but", 3 after it
    emphasis = 0
    negated = 0  # tokens that a negation still reaches
    spoken = False
    for kind, valence, own, _ in tokens:
        marks |= own & ~MISHAP if negated else own
        if kind == NOTHING:
            spoken = True
            emphasis = 0
        elif kind == WORD:
            spoken = True
            value = valence
            if emphasis and abs(valence) > _WEAK:
                value += emphasis if valence > 0 else -emphasis
            if negated:
                value = -value * 3 // 4
            emphasis = 0
            if own & LAUGH:
                laughter += value * weight // 2
            else:
                total += value * weight // 2
        elif kind == EMOTE:
            if own & LAUGH:
                laughter += valence
            else:
                total += valence
        elif kind == NEGATE:
            negated = _NEGATION_REACH + 1
        elif kind == BOOST:
            emphasis = _EMPHASIS
        elif kind == DAMPEN:
            emphasis = -_EMPHASIS
        elif kind == ALONE:
            letters += valence
        elif kind == BUT:
            total //= 2
            weight, negated = 3, 0
            marks &= ~PRAISE
        if negated:
            negated = 0 if own & ENDS else negated - 1
    return total if spoken else total + letters, laughter, marks


def _meant(said: int, laughter: int, marks: int) -> int:
    """The valence of what is meant by what is said: mockery turns it."""
    if marks & PRAISE and marks & (MISHAP | GENIUS):
        return -max(abs(said), _COMPLAINT)
    if marks & LAUGH:
        if said > 0 and marks & PRAISE and marks & SKILL:
            return -said
        if said <= -_COMPLAINT:
            return said
    said += laughter
    if marks & IRONY:
        return -said * 3 // 4 if said > 0 else said // 2
    return said
