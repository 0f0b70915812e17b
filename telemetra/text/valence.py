"""The valence of what is meant by a message, from what its tokens say: the rules of VADER and those of chat.

`step` has the rules: what a token adds to a message, by what the tokens before it have led to. Chat leads to the same
few thousand steps over and over, so that each is thought out once and remembered in `STEPS`; whoever goes through a
message, here or compiled, only adds them up.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import count
from typing import Final, NamedTuple

from telemetra.text.tokens import (
    ALONE,
    ASKED,
    BOOST,
    BUT,
    COMMAND,
    DAMPEN,
    EMOTE,
    ENDS,
    GENIUS,
    IRONY,
    LAUGH,
    MISHAP,
    NEGATE,
    NOTHING,
    OPENS,
    PRAISE,
    QUESTION,
    SKILL,
    SPOKEN,
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

_MEANING = IRONY | LAUGH | PRAISE | OPENS | MISHAP | GENIUS | SKILL | SPOKEN
_NOT_ASKED, _GLADNESS_ASKED, _ALL_ASKED = range(3)


class State(NamedTuple):
    """What the tokens so far mean for the next one."""

    place: int = 0  # tokens so far, counted up to 2
    command: bool = False  # to a bot; before the first token: there is a "!" in front
    asked: int = _NOT_ASKED  # about what; before the first token: all of it, if a "?" is at the end
    boosted: bool = False  # by the last token
    emphasis: int = 0
    negated: int = 0  # tokens that a negation still reaches
    weight: int = 2  # halves: 2 before a "but", 3 after it


class Step(NamedTuple):
    """What a token adds to the sums of a message."""

    state: State
    halves: bool  # what was `said` before it, and takes PRAISE back
    said: int
    laughter: int
    letters: int
    marks: int


def step(state: State, kind: int, valence: int, marks: int) -> Step:
    """What a token does where those before it have led to `state`."""
    place, command, asked, boosted, emphasis, negated, weight = state
    if place == 0:
        command = command and bool(marks & COMMAND)
        asked = _asked(asked == _ALL_ASKED, marks)
    following = min(place + 1, 2)
    if command:
        return Step(State(following, command), False, 0, 0, 0, 0)
    if asked and kind == WORD and (asked == _ALL_ASKED or valence > 0) and not boosted and not marks & LAUGH:
        kind, valence = NOTHING, 0
    own = marks & ~MISHAP if negated else marks
    if place < 2 and marks & PRAISE:
        own |= OPENS
    said = letters = 0
    if kind == NOTHING:
        emphasis = 0
        own |= SPOKEN
    elif kind == WORD:
        said = _felt(valence, emphasis, negated) * weight // 2
        emphasis = 0
        own |= SPOKEN
    elif kind == EMOTE:
        said = valence
    elif kind == NEGATE:
        negated = _NEGATION_REACH + 1
    elif kind == BOOST:
        emphasis = _EMPHASIS
    elif kind == DAMPEN:
        emphasis = -_EMPHASIS
    elif kind == ALONE:
        letters = valence
    elif kind == BUT:
        weight, negated = 3, 0
        own &= ~PRAISE
    negated = 0 if own & ENDS else max(negated - 1, 0)
    said, laughter = (0, said) if own & LAUGH else (said, 0)
    after = State(following, command, asked, kind == BOOST, emphasis, negated, weight)
    return Step(after, kind == BUT, said, laughter, letters, own & _MEANING)


def _asked(with_mark: bool, marks: int) -> int:
    """What a message asks about, by the marks of its first token and by whether it ends with a question mark. That is
    not felt (`is it good?`), unless a booster says so (`why is it so slow?`).

    Without a question mark only the first word tells: then complaints stay, as they often begin so.
    """
    if not marks & QUESTION:
        return _NOT_ASKED
    if with_mark or marks & ASKED:
        return _ALL_ASKED
    return _GLADNESS_ASKED if marks & WONDERS else _NOT_ASKED


def _felt(valence: int, emphasis: int, negated: int) -> int:
    if emphasis and abs(valence) > _WEAK:
        valence += emphasis if valence > 0 else -emphasis
    return -valence * 3 // 4 if negated else valence


class Steps(dict[tuple[int, int, int, int], tuple[int, bool, int, int, int, int]]):
    """Steps by the number of a state and by kind, valence and marks of a token, with the number of the state that
    follows; remembered up to a bound."""

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[int, State] = {}
        self._numbers: dict[State, int] = {}
        self._unused = count()
        for asked in (_NOT_ASKED, _ALL_ASKED):
            for exclaims in (False, True):
                self._number(State(0, exclaims, asked))

    @staticmethod
    def start(exclaims: bool, asks: bool) -> int:
        """The number of the state before the first token, by whether "!" is the message's first and "?" its last
        character."""
        return 2 * asks + exclaims

    def __missing__(self, key: tuple[int, int, int, int]) -> tuple[int, bool, int, int, int, int]:
        number, kind, valence, marks = key
        done = step(self._states[number], kind, valence, marks)
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        found = self[key] = (self._number(done.state), *done[1:])
        return found

    def _number(self, state: State) -> int:
        number = self._numbers.get(state)
        if number is None:  # there are a few hundred; that two threads may number the same one does no harm
            number = next(self._unused)
            self._states[number] = state
            self._numbers[state] = number
        return number


STEPS: Final = Steps()


def valence_of(message: str, tokens: Iterable[Token]) -> int:
    """The valence, in hundredths of VADER's unit. `tokens` are those of the message, phrases joined."""
    state = STEPS.start(message[:1] == "!", message.rstrip()[-1:] == "?")
    said = laughter = letters = marks = 0
    for kind, valence, own, _, _, _ in tokens:
        state, halves, felt, laughed, letter, added = STEPS[state, kind, valence, own]
        if halves:
            said //= 2
            marks &= ~PRAISE
        said += felt
        laughter += laughed
        letters += letter
        marks |= added
    return meant(said if marks & SPOKEN else said + letters, laughter, marks, message.count("!"))


@lru_cache(maxsize=_MEMO_ENTRIES)
def meant(said: int, laughter: int, marks: int, exclamations: int) -> int:
    """The valence of what is meant by what is said: exclamation marks strengthen it, mockery turns it. Praise may
    be mockery only where the message begins with it."""
    praised = marks & PRAISE and marks & OPENS
    if said:
        push = min(exclamations, _MOST_EXCLAMATIONS) * _EXCLAMATION
        said += push if said > 0 else -push
    if praised and marks & (MISHAP | GENIUS):
        return -max(abs(said), _COMPLAINT)
    if marks & LAUGH:
        if said > 0 and praised and marks & SKILL:
            return -said
        if said <= -_COMPLAINT:
            return said
    said += laughter
    if marks & IRONY:
        return -said * 3 // 4 if said > 0 else said // 2
    return said
