"""What one token of a chat message says, as one integer.

The code of a token is 0 (says nothing), a valence in hundredths of VADER's unit (a word, at most +-`WORD_LIMIT`),
`EMOTE` + valence (an emote or emoji: negation does not turn it), or one of NEGATE, BOOST, DAMPEN, BUT.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

from telemetra.text.data import read_general_lexicon, read_lines, read_valences
from telemetra.text.emotes import EMOTE_VALENCES
from telemetra.text.shape import LONGEST, channel_emote_name

WORD_LIMIT: Final = 10_000
EMOTE: Final = 100_000
NEGATE: Final = 1_000_000
BOOST: Final = 1_000_001
DAMPEN: Final = 1_000_002
BUT: Final = 1_000_003

_ROLES = {"negate": NEGATE, "boost": BOOST, "dampen": DAMPEN, "but": BUT}
_MODIFIERS = {word: _ROLES[role] for word, role in (line.split() for line in read_lines("modifiers.txt"))}

_CHAT = read_valences("chat_words.txt")
_WORDS = {**read_general_lexicon(), **_CHAT}

_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~…“”‘’«»¿¡"
_REPEATED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1+")
_PATTERN_REPEATED = re.compile(r"[a-z]{0,2}?([a-z]{2,3})\1+[a-z]{0,2}")
_LAUGHTER = frozenset({"ha", "ah", "he", "eh", "hi", "ja", "aj", "lo", "ol", "ke", "lul", "lol", "xd"})
_LAUGHTER_VALENCE = 180
_CAPITALS = 40
_ELONGATION = 20
_EMOJI_COUNTED = 3
_MEMO_ENTRIES = 30_000


def _louder(valence: int, by: int) -> int:
    return valence + by if valence > 0 else valence - by if valence < 0 else 0


def _shortened(word: str) -> int | None:
    """The code of a word written with repeats (`looool`, `nooooice`, `hahahaha`), None if it has none."""
    if (laughter := _PATTERN_REPEATED.fullmatch(word)) and laughter[1] in _LAUGHTER:
        return _LAUGHTER_VALENCE
    parts = _REPEATED.split(word)
    if len(parts) == 1:
        return None
    # Each run may stand for one letter or for two: at most 2^3 ways, longest first (goooood is good, not god).
    kept, runs = parts[0::2], parts[1::2]
    if len(runs) > 3:
        runs_ways = [tuple(letter * 2 for letter in runs), tuple(runs)]
    else:
        runs_ways = list(product(*((letter * 2, letter) for letter in runs)))
    for way in runs_ways:
        candidate = kept[0] + "".join(run + rest for run, rest in zip(way, kept[1:], strict=True))
        code = _MODIFIERS.get(candidate) or _WORDS.get(candidate)
        if code:
            return _louder(code, _ELONGATION) if code < EMOTE else code
    return _WORDS.get(_DOUBLED.sub(r"\1", word))


def _emoji(token: str) -> int:
    found = [_CHAT[character] for character in token if character > "\u2000" and character in _CHAT]
    return EMOTE + sum(found[:_EMOJI_COUNTED]) if found else 0


def classify(token: str) -> int:
    """The code of one token (no blanks in it)."""
    emote = EMOTE_VALENCES.get(token)
    if emote is not None:
        return EMOTE + emote
    lower = token.lower()
    if not lower[0].isalnum() and (emoticon := _WORDS.get(lower)):
        return emoticon if token.isascii() else EMOTE + emoticon
    bare = lower.strip(_PUNCTUATION).replace("’", "'")
    # Nobody feels anything in a name, a link or a command to a bot.
    if not bare or lower[0] == "@" or lower == "!" + bare or lower.startswith(("http:", "https:", "www.")):
        return 0
    code = _MODIFIERS.get(bare)
    if code is None:
        code = _WORDS.get(bare)
    if code is None and bare.endswith("n't"):
        code = NEGATE
    if code is None:
        code = _shortened(bare)
    if code is not None:
        shouted = abs(code) < WORD_LIMIT and len(bare) > 2 and token.isupper()
        return _louder(code, _CAPITALS) if shouted else code
    if not token.isascii():
        return _emoji(token)
    # The name of a channel emote often says what it means (lirikRIP, danLove), but less surely than a word.
    name = channel_emote_name(token)
    return EMOTE + _WORDS.get(name.lower(), 0) // 2 if name else 0


class Codes(dict[str, int]):
    """Token to code, remembered up to a bound; whatever people type, memory stays within it."""

    def __missing__(self, token: str) -> int:
        code = classify(token)
        if len(token) <= LONGEST:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
            self[token] = code
        return code
