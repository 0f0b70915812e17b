"""Phrases: words that together say something else than each for itself (`can't wait`, `resident evil`)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from telemetra.text.data import read_marks, read_pairs
from telemetra.text.tokens import ENDS, NOTHING, NOTHING_FOLLOWS, ROLES, STARTS, WORD, Token


class _Node(dict[str, "_Node"]):
    """The words that may follow, and what the phrase up to here says: within a clause, and at its end."""

    __slots__ = ("says",)

    def __init__(self) -> None:
        super().__init__()
        self.says: tuple[Token, Token] | None = None


def _meaning(said: str, marks: int) -> tuple[Token, Token]:
    role = ROLES.get(said)
    valence = 0 if role else 10 * int(said)
    kind = role or (WORD if valence else NOTHING)
    within = kind, valence, marks, "", NOTHING_FOLLOWS, 0
    return within, (kind, valence, marks | ENDS, "", NOTHING_FOLLOWS, 0)


def _tree() -> _Node:
    root = _Node()
    marks = read_marks()
    for phrase, said in read_pairs("phrases.txt").items():
        node = root
        for word in phrase.split():
            node = node.setdefault(word, _Node())
        node.says = _meaning(said, marks.get(phrase, 0))
    return root


def _words(node: _Node) -> set[str]:
    return set(node).union(*map(_words, node.values()))


_TREE: Final = _tree()

WORDS: Final = frozenset(_words(_TREE))
"""All words of all phrases, as phrases.txt spells them."""

FIRST_WORDS: Final = frozenset(_TREE)


def following(word: str) -> Container[str]:
    """The second words of the phrases that begin with `word`. (A phrase has at least two.)"""
    return _TREE[word]


def join(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with each phrase, the longest first, as one."""
    joined = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        found = phrase_at(tokens, position) if token[2] & STARTS else None
        token, position = found or (token, position + 1)
        joined.append(token)
    return joined


def phrase_at(tokens: Sequence[Token], position: int) -> tuple[Token, int] | None:
    """The longest phrase that begins at `position`, as one token, and where it ends."""
    found = None
    last = tokens[position]
    node = _TREE.get(last[3])
    position += 1
    while node is not None:
        ends = last[2] & ENDS
        if node.says:
            found = node.says[1 if ends else 0], position
        if ends or position == len(tokens):
            break
        last = tokens[position]
        node = node.get(last[3])
        position += 1
    return found
