"""Reads the word lists that stand beside this module, and the general lexicon of the package vaderSentiment."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from telemetra.text.tokens import MARKS


def read_lines(name: str) -> Iterator[str]:
    """The entries of a word list: no blank lines, no comments (`# ` with a space, as `#` may begin an emote)."""
    text = resources.files("telemetra.text").joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("# "))


def read_words(name: str) -> frozenset[str]:
    """A list of words, several a line."""
    return frozenset(word for line in read_lines(name) for word in line.split())


def read_pairs(name: str) -> dict[str, str]:
    """What stands behind the last blank of each line, by what stands before it."""
    return {line.rsplit(None, 1)[0]: line.rsplit(None, 1)[1] for line in read_lines(name)}


def read_valences(name: str) -> dict[str, int]:
    """A word list with a valence behind each word, from tenths to hundredths of VADER's unit."""
    return {word: 10 * int(valence) for word, valence in read_pairs(name).items()}


def read_marks() -> dict[str, int]:
    """The marks of words, phrases and emotes."""
    found: dict[str, int] = {}
    for line in read_lines("marks.txt"):
        mark, _, word = line.partition(" ")
        found[word] = found.get(word, 0) | MARKS[mark]
    return found


def read_general_lexicon() -> dict[str, int]:
    """VADER's lexicon in hundredths of its unit (-400..400).

    Read as a file: importing VADER's own analyser would load an HTTP client for nothing.
    """
    text = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
    entries = (line.split("\t", 2) for line in text.splitlines() if line)
    return {word: round(100 * float(valence)) for word, valence, _ in entries}
