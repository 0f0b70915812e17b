"""Numbers that stand for texts and words, the same in every process (Python's own hash is not)."""

from __future__ import annotations

import re
from itertools import groupby
from zlib import crc32

_LONGEST_WORD = 60
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~…“”‘’«»¿¡"
_RUN = re.compile(r"(.)\1")


def code_of(text: str) -> int:
    """32 bits that stand for a text."""
    return crc32(text.encode("utf-8", "surrogatepass"))


def word_code(token: str) -> int:
    """The code of a word: case, punctuation around it and repeated letters do not matter."""
    word = token[:_LONGEST_WORD].lower()
    if _RUN.search(word):  # most words have none, and a search is much cheaper than a substitution
        word = "".join([letter for letter, _ in groupby(word)])
    return code_of(word if word.isalnum() else word.strip(_PUNCTUATION) or word)
