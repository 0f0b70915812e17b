"""A message, split once for everything that is asked about it: emotes, sentiment, likeness to other messages.

A word between blanks names an emote if it is a known name (exact case) or has the shape of a channel emote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Final

from telemetra.text import plain
from telemetra.text.lexicon import Tokens
from telemetra.text.phrases import phrase_at
from telemetra.text.plain import Reading
from telemetra.text.tokens import IRONIC, NAMED, NOTHING_FOLLOWS, PRAISE, SPOKEN, STARTS
from telemetra.text.valence import LONGEST, STEPS, meant

try:
    from telemetra.text import _reading as compiled
except ImportError:  # made at installation, where there is a C compiler
    compiled = None  # type: ignore[assignment]


LEAST_WORDS: Final = 4
"""Shorter texts are the same only where all words are."""

NEARLY: Final = 0.7
"""Texts that share so much are the same, a little changed."""

COMPILED: Final = compiled is not None

MEMO_ENTRIES: Final = 8_192
TOKENS: Final = Tokens()
"""What the tokens of all messages say."""


def plain_reader(tokens: Tokens) -> Callable[[str], Reading]:
    """What makes readings where nothing is compiled, with `tokens` to say what tokens say."""
    new = partial(plain.Reading, token=tokens.__getitem__)
    remembered = lru_cache(maxsize=MEMO_ENTRIES)(new)
    return lambda text: remembered(text) if len(text) <= LONGEST else new(text)


def compiled_reader(tokens: Tokens) -> Callable[[str], Reading]:
    """The same by compiled loops, to which a message costs no more than it would to remember it."""
    marks = {"named": NAMED, "starts": STARTS, "praise": PRAISE, "spoken": SPOKEN, "ironic": IRONIC}
    return compiled.Reader(tokens, STEPS, phrase_at, meant, NOTHING_FOLLOWS, longest=LONGEST, **marks)


if compiled is None:
    _reader, _alike = plain_reader, plain.alike
else:
    _reader, _alike = compiled_reader, compiled.alike
_read = _reader(TOKENS)


def read(text: str) -> Reading:
    """The reading of any text, in about a microsecond. Where nothing is compiled a new text costs some, and one that is
    remembered a tenth of one."""
    return _read(text)


def readings(texts: Iterable[str]) -> list[Reading]:
    """The readings of texts, in their order."""
    return list(map(_read, texts))


def words_of(text: str) -> frozenset[int]:
    """The codes of the different words of `text`: the same for `LOOOL!`, `Lol` and `lol`."""
    return read(text).words


def alike(readings: list[Reading]) -> list[int]:
    """For each reading the position of the first that says the same, its own where none does (see plain.alike)."""
    return _alike(readings, LEAST_WORDS, NEARLY)
