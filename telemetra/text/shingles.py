"""What two messages have in common: each as a set of word codes, the same for `LOOOL!`, `Lol` and `lol`."""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

MOST_WORDS: Final = 60
"""Words of a message that are looked at: a longer text is told apart by its beginning."""

_LONGEST_WORD = 60
_MEMO_ENTRIES = 30_000
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~…“”‘’«»¿¡"
_RUNS = re.compile(r"(.)\1+")

Words = frozenset[int]


def code_of(text: str) -> int:
    """32 bits that stand for a text, the same in every process (Python's own hash is not)."""
    return crc32(text.encode("utf-8", "surrogatepass"))


class _Codes(dict[str, int]):
    """Token to code, remembered up to a bound. Case, punctuation around a word and repeated letters do not matter."""

    def __missing__(self, token: str) -> int:
        word = _RUNS.sub(r"\1", token[:_LONGEST_WORD].lower())
        code = code_of(word.strip(_PUNCTUATION) or word)
        if len(token) <= _LONGEST_WORD:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
            self[token] = code
        return code


_CODES = _Codes()


def words_of(text: str) -> Words:
    """The codes of the different words of `text` (its shingles are single words: chat is short)."""
    return frozenset(map(_CODES.__getitem__, text.split(None, MOST_WORDS)))


def likeness(one: Words, other: Words) -> float:
    """Shared words over all words (Jaccard), 0..1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
