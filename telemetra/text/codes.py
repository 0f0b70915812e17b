"""Numbers that stand for texts and words, the same in every process (Python's own hash is not)."""

from __future__ import annotations

import re
from itertools import chain, compress
from operator import ne
from zlib import crc32

_LONGEST_WORD = 60
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~…“”‘’«»¿¡"
_RUN = re.compile(r"(.)\1")


def code_of(text: str) -> int:
    """32 bits that stand for a text."""
    return crc32(text.encode("utf-8", "surrogatepass"))


def word_code(token: str) -> int:
    """The code of a word: case, punctuation around it and repeated letters do not matter."""
    word = token[:_LONGEST_WORD].lower()
    return bare_code(word if word.isalnum() else word.strip(PUNCTUATION) or word)


def bare_code(word: str) -> int:
    """The same of a word that is already in lower case and without punctuation around it."""
    if _RUN.search(word):  # most words have none, and a search is much cheaper than a substitution
        word = once_each(word)
    return code_of(word)


def once_each(word: str) -> str:
    """The word with letters that are repeated, one after the other, written once."""
    return "".join(compress(word, map(ne, word, chain((None,), word))))
