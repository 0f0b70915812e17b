"""A message, split once for everything that is asked about it: emotes, sentiment, likeness to other messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Final

from telemetra.text import plain
from telemetra.text.lexicon import Tokens
from telemetra.text.plain import Reading
from telemetra.text.tokens import IRONIC, LAUGH, NAMED, NOTHING_FOLLOWS, PHRASE, PRAISE, QUESTION, STARTS, TURNS
from telemetra.text.valence import LONGEST, meant, valence_of

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


def compiled_reader(tokens: Tokens) -> Callable[[str], Reading]:
    """What makes readings by compiled loops, with `tokens` to say what tokens say."""
    marks = {"named": NAMED, "starts": STARTS, "phrase": PHRASE, "laugh": LAUGH, "praise": PRAISE}
    marks |= {"asks": QUESTION, "turns": TURNS, "ironic": IRONIC}
    return compiled.Reader(tokens, valence_of, meant, NOTHING_FOLLOWS, longest=LONGEST, **marks)


if compiled is None:
    _alike = plain.alike
    _new = partial(plain.Reading, token=TOKENS.__getitem__)
else:
    _alike = compiled.alike
    _new = compiled_reader(TOKENS)

_remembered = lru_cache(maxsize=MEMO_ENTRIES)(_new)


def read(text: str) -> Reading:
    """The reading of any text; those of short texts are remembered up to a bound. A new one costs a microsecond (some
    where nothing is compiled), a remembered one a tenth of one."""
    return _remembered(text) if len(text) <= LONGEST else _new(text)


def words_of(text: str) -> frozenset[int]:
    """The codes of the different words of `text`: the same for `LOOOL!`, `Lol` and `lol`."""
    return read(text).words


def alike(texts: Iterable[str]) -> list[int]:
    """For each text the position of the first that says the same, its own where none does (see plain.alike)."""
    return _alike([read(text) for text in texts], LEAST_WORDS, NEARLY)


def forget() -> None:
    """As if the process had just started."""
    TOKENS.clear()
    _remembered.cache_clear()
