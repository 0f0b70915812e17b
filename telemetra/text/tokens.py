"""What one token of a message, or a phrase of several, says.

Plain integers and not enumerations: they are compared some ten times for each token of each message.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final, NamedTuple

# Kinds: what a token does to the message.
NOTHING: Final = 0
WORD: Final = 1
"""It has a valence, which negation turns and boosters change."""
EMOTE: Final = 2
"""It has a valence that stays as it is: an emote, emoji or emoticon."""
ALONE: Final = 3
"""A letter that is a word when nothing else is said (`F`)."""
NEGATE: Final = 4
BOOST: Final = 5
DAMPEN: Final = 6
BUT: Final = 7

# Marks: bits that say something about the message as a whole; see marks.txt.
IRONY: Final = 1
LAUGH: Final = 2
PRAISE: Final = 4
MISHAP: Final = 8
GENIUS: Final = 16
SKILL: Final = 32
ASKS: Final = 64
ASKED: Final = 128
WONDERS: Final = 1024
ENDS: Final = 256
"""A comma, full stop or the like stands behind it: no phrase and no negation reaches further."""
STARTS: Final = 512
"""A phrase may begin here."""
NAMED: Final = 2048
"""It is the name of an emote, known or by its shape."""
TURNS: Final = 4096
"""It changes what other tokens say, or is changed by them."""
COMMAND: Final = 16384
"""It is a command to a bot where a message begins with it (`!play`)."""
PHRASE: Final = 8192
"""Of a message: there may be a phrase in it."""
OPENS: Final = 32768
"""Of a message: PRAISE is in its first two tokens."""
SPOKEN: Final = 65536
"""Of a message: there are not only emotes and letters in it."""

QUESTION: Final = ASKS | ASKED | WONDERS
"""Of the first token: the message may be a question."""

IRONIC: Final = IRONY | LAUGH | PRAISE
"""Of a message: it may mean another thing than it says."""

ROLES: Final = {"negate": NEGATE, "boost": BOOST, "dampen": DAMPEN, "but": BUT}
"""Kinds by their names in the lists."""

MARKS: Final = {
    "irony": IRONY,
    "laugh": LAUGH,
    "praise": PRAISE,
    "mishap": MISHAP,
    "genius": GENIUS,
    "skill": SKILL,
    "asks": ASKS,
    "asked": ASKED,
    "wonders": WONDERS,
}
"""Marks by their names in the lists."""


Token = tuple[int, int, int, str, Container[str], int]
"""A token as messages are read with it, a plain tuple as those are unpacked fastest: kind; valence in hundredths of
VADER's unit; marks; spelling in phrases.txt (empty if it is in no phrase); what may follow it in a phrase; its code
(codes.py)."""

NOTHING_FOLLOWS: Final[Container[str]] = ()
"""No dict: tuples that hold one stay the business of the garbage collector."""


class Saying(NamedTuple):
    """What a token says, the first part of a `Token`."""

    kind: int
    valence: int
    marks: int
    word: str = ""
