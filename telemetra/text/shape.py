"""The shape of a channel emote in plain text: the channel's prefix in lower case, then a capitalised name (lirikFEELS).

Ordinary words may have this shape too (javaScript, getElementById). A list of such words and of the prefixes that
programmers use keeps them out; what is left is nearly always an emote.
"""

from __future__ import annotations

import re

from telemetra.text.data import read_lines

LONGEST = 40
"""Code points of the longest emote name: what is longer is text."""

_SHAPE = re.compile(r"([a-z][a-z0-9]{2,11})([A-Z][A-Za-z0-9]*)(?:_(?:BW|HF|SG|SQ|TK))?", re.ASCII)

_CODE_PREFIXES = frozenset(read_lines("code_prefixes.txt"))
_ORDINARY = frozenset(line.lower() for line in read_lines("not_emotes.txt"))


def channel_emote_name(token: str) -> str | None:
    """The capitalised part of a channel emote (`FEELS` of `lirikFEELS`), or None if `token` has another shape."""
    if not "a" <= token[:1] <= "z" or token.islower() or len(token) > LONGEST:
        return None
    match = _SHAPE.fullmatch(token)
    if match is None or match[1] in _CODE_PREFIXES:
        return None
    lower = token.lower()
    if lower in _ORDINARY or (lower[-1] == "s" and lower[:-1] in _ORDINARY):
        return None
    return match[2]
