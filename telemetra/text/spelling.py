"""How chat spells: letters drawn out (`looool`), laughter (`hahaha`), ratings (`9/10`)."""

from __future__ import annotations

import re
from itertools import product

from telemetra.text.codes import once_each

_REPEATED = re.compile(r"(.)\1{2,}")
_LAUGHS = ("ha", "ah", "he", "eh", "hi", "ja", "aj", "lo", "ol", "ke", "lul", "lol", "xd", "rs")
_LAUGHTER = re.compile(rf"[a-z]{{0,2}}?({'|'.join(_LAUGHS)})\1+[a-z]{{0,2}}")
_IN_LAUGHTER = frozenset((laugh * 2)[at : at + 2] for laugh in _LAUGHS for at in range(len(laugh)))
_RATING = re.compile(r"(10|\d)(?:\.\d)?/10")
_MOST_RUNS = 3


def repeats(word: str) -> bool:
    """Whether letters are repeated enough for laughter or a drawn out word: cheap, and false for nearly all others."""
    return len(set(word)) < len(word) - 1


def is_laughter(word: str) -> bool:
    """`hahaha`, `lololol`, `ajajaj`, in lower case."""
    # Wherever it begins, its third and fourth letter lie within the laughs: seldom so elsewhere, and cheaper to see.
    return word[2:4] in _IN_LAUGHTER and _LAUGHTER.fullmatch(word) is not None


def is_respelled(word: str) -> bool:
    """Whether `word`, in lower case, is laughter or has letters drawn out."""
    return is_laughter(word) or _REPEATED.search(word) is not None


def shorter(word: str) -> list[str]:
    """The words that `word` may stand for when letters in it are drawn out, likeliest first; none if they are not.

    Each run of three or more may stand for one letter or for two, and two come first (goooood is good, not god).
    """
    parts = _REPEATED.split(word)
    if len(parts) == 1:
        return []
    if len(parts) == 3:  # most have one run
        start, letter, end = parts
        return [start + letter * 2 + end, start + letter + end, once_each(word)]
    kept, runs = parts[0::2], parts[1::2]
    if len(runs) > _MOST_RUNS:
        ways = [tuple(letter * 2 for letter in runs), tuple(runs)]
    else:
        ways = list(product(*((letter * 2, letter) for letter in runs)))
    words = [kept[0] + "".join(run + rest for run, rest in zip(way, kept[1:], strict=True)) for way in ways]
    return [*words, once_each(word)]


def rating(word: str) -> int | None:
    """The valence of `9/10` in hundredths of VADER's unit, None if `word` is no rating out of ten."""
    found = _RATING.fullmatch(word)
    return 50 * (int(found[1]) - 5) if found else None
