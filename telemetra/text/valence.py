"""The valence of what is meant by a message, from what its tokens say: the rules of VADER and those of chat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from telemetra.text.phrases import join
from telemetra.text.tokens import (
    ALONE,
    ASKED,
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
    NOTHING_FOLLOWS,
    PHRASE,
    PRAISE,
    QUESTION,
    SKILL,
    TURNS,
    WONDERS,
    WORD,
    Token,
)

LONGEST = 1_000
"""Code points of a message that are read; intake admits 500."""

_MEMO_ENTRIES = 8_192
_EMPHASIS = 29
_NEGATION_REACH = 3
_WEAK = 10  # words of at most this valence are not felt because a booster is beside them
_EXCLAMATION = 29
_MOST_EXCLAMATIONS = 4
_COMPLAINT = 60  # what is at least this bad makes the laughter beside it mockery


def valence_of(message: str, tokens: list[Token], said: int, marks: int) -> int:
    """The valence, in hundredths of VADER's unit. `tokens` are those of the message, `said` the sum of their valences,
    `marks` all their marks: where no token changes what another one says, this is all that counts."""
    if message[:1] == "!" and message[1:2].isalnum():
        return 0  # a command to a bot, with its arguments
    laughter = 0
    if marks & PHRASE:
        tokens = join(tokens)
    first = tokens[0][2]
    if marks & (PHRASE | TURNS) or first & QUESTION:
        if first & QUESTION:
            tokens = _asked(tokens, wholly=bool(first & ASKED) or message.rstrip().endswith("?"))
        said, laughter, marks = _read(tokens)
    elif marks & LAUGH:
        laughter = sum([token[1] for token in tokens if token[2] & LAUGH])
        said -= laughter
    # Praise may be mockery only where the message begins with it.
    praise = PRAISE & marks & (first | tokens[:2][-1][2])
    return meant(said, laughter, marks & ~PRAISE | praise, message.count("!"))


def _asked(tokens: list[Token], *, wholly: bool) -> list[Token]:
    """What is asked about is not felt (`is it good?`), unless a booster says so (`why is it so slow?`).

    Without a question mark (`wholly` false) only the first word tells: then complaints stay, as they often begin so.
    """
    if not wholly and not tokens[0][2] & WONDERS:
        return tokens
    before = (tokens[0], *tokens)
    return [
        (NOTHING, 0, token[2], "", NOTHING_FOLLOWS, 0)
        if token[0] == WORD and (wholly or token[1] > 0) and last[0] != BOOST and not token[2] & LAUGH
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
    for kind, valence, own, _, _, _ in tokens:
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


@lru_cache(maxsize=_MEMO_ENTRIES)
def meant(said: int, laughter: int, marks: int, exclamations: int) -> int:
    """The valence of what is meant by what is said: exclamation marks strengthen it, mockery turns it. PRAISE in
    `marks` is praise that the message begins with."""
    if said:
        push = min(exclamations, _MOST_EXCLAMATIONS) * _EXCLAMATION
        said += push if said > 0 else -push
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
