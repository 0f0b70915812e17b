"""What one token of a chat message says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from telemetra.text import phrases
from telemetra.text.codes import PUNCTUATION, bare_code, word_code
from telemetra.text.data import read_general_lexicon, read_marks, read_pairs, read_valences, read_words
from telemetra.text.emote_names import EMOTE_VALENCES, is_emote
from telemetra.text.shape import LONGEST, channel_emote_name
from telemetra.text.spelling import is_laughter, is_respelled, rating, repeats, shorter
from telemetra.text.tokens import (
    ALONE,
    BOOST,
    BUT,
    COMMAND,
    DAMPEN,
    EMOTE,
    ENDS,
    LAUGH,
    NAMED,
    NEGATE,
    NOTHING,
    NOTHING_FOLLOWS,
    ROLES,
    STARTS,
    TURNS,
    WORD,
    Saying,
    Token,
)

_LETTERS = frozenset({"f", "l", "w", "ff", "ww"})
"""Words when nothing else is said or in capitals, keys of the keyboard otherwise."""

_ENDS = frozenset(",.;!?…)")
_LINKS = ("http:", "https:", "www.")
_CAPITALS = 40
_DRAWN_OUT = 20
_EMOJI_COUNTED = 3
_MEMO_ENTRIES = 30_000

_TURNING = frozenset((NEGATE, BOOST, DAMPEN, BUT, ALONE))

_CHAT = read_valences("chat_words.txt")
_MARKS = read_marks()
UNKNOWN: Final = Saying(NOTHING, 0, 0)
_UNKNOWN_ENDS = Saying(NOTHING, 0, ENDS)
_LAUGHTER = Saying(WORD, 180, LAUGH)


def _known() -> dict[str, Saying]:
    """All words of the lists in lower case; of two lists that have a word, the later counts."""
    unfelt = read_words("not_feelings.txt")
    general = {word: valence for word, valence in read_general_lexicon().items() if word not in unfelt}
    known = {word: Saying(NOTHING, 0, marks) for word, marks in _MARKS.items()}
    for word, valence in (general | _CHAT).items():
        known[word] = Saying(ALONE if word in _LETTERS else WORD, valence, _MARKS.get(word, 0))
    for word, role in read_pairs("modifiers.txt").items():
        known[word] = Saying(ROLES[role], 0, _MARKS.get(word, 0))
    return known


_KNOWN = _known()
_LISTED = phrases.WORDS.union(_KNOWN, [link.rstrip(PUNCTUATION) for link in _LINKS])


def _louder(valence: int, by: int) -> int:
    return valence + by if valence > 0 else valence - by if valence < 0 else 0


def _respelled(bare: str, spellings: Sequence[str]) -> Saying:
    """A word that no list has as it is spelled. `spellings` are those it may stand for."""
    for spelling in spellings:
        if said := _KNOWN.get(spelling):
            return said._replace(valence=_louder(said.valence, _DRAWN_OUT))
    if bare[-3:] == "n't":
        return Saying(NEGATE, 0, 0)
    valence = rating(bare) if bare[-3:] == "/10" else None
    return UNKNOWN if valence is None else Saying(WORD, valence, 0)


def _shouted(said: Saying, bare: str) -> Saying:
    """A word in capitals."""
    if said.kind == ALONE:
        return said._replace(kind=WORD)
    return said._replace(valence=_louder(said.valence, _CAPITALS)) if len(bare) > 1 else said


def _picture(token: str) -> Saying:
    """What is no word: emoji, or a channel emote that is not known by name."""
    if not token.isascii():
        found = [_CHAT[character] for character in token if character > "\u2000" and character in _CHAT]
        if found:
            return Saying(EMOTE, sum(found[:_EMOJI_COUNTED]), LAUGH if "😂" in token or "🤣" in token else 0)
    # The name of a channel emote often says what it means (lirikRIP, danLove), but less surely than a word.
    name = channel_emote_name(token)
    if name is None:
        return UNKNOWN
    meaning = _KNOWN.get(name.lower())
    return Saying(EMOTE, meaning.valence // 2 if meaning else 0, 0)


def classify(token: str) -> Saying:
    """What one token says (no blanks in it)."""
    valence = EMOTE_VALENCES.get(token)
    if valence is not None:
        return Saying(EMOTE, valence, _MARKS.get(token, 0))
    lower = token.lower()
    if lower.isalnum():
        return _word(token, lower, lower)
    if not lower[0].isalnum() and (sign := _KNOWN.get(lower)):
        return sign if token.isascii() else sign._replace(kind=EMOTE)
    bare = lower.strip(PUNCTUATION).replace("’", "'")
    # Nobody feels anything in a name, a link or a command to a bot.
    if not bare or lower[0] == "@" or lower == "!" + bare or lower.startswith(_LINKS):
        return UNKNOWN
    return _word(token, bare, bare.replace("'", ""))


def _word(token: str, bare: str, plain: str) -> Saying:
    """What a word says: `bare` of punctuation around it, and `plain` without apostrophes as in phrases.txt."""
    said = _KNOWN.get(bare)
    phrased = plain in phrases.WORDS
    spellings: Sequence[str] = ()
    if not (said and phrased) and repeats(plain):
        spellings = shorter(plain)
        if said is None and is_laughter(bare):
            said = _LAUGHTER
    if said is None:
        said = UNKNOWN if bare.isalpha() and not spellings else _respelled(bare, spellings)
    if not token.islower():
        if token.isupper():
            said = _shouted(said, bare)
        if said is UNKNOWN:
            said = _picture(token)
    elif said is UNKNOWN and not token.isascii():
        said = _picture(token)
    spelled = plain if phrased else ""
    if spellings and not phrased:
        spelled = next(filter(phrases.WORDS.__contains__, spellings), "")
    ends = ENDS if token[-1] in _ENDS else 0
    if spelled or (ends and said is not UNKNOWN):
        starts = STARTS if spelled in phrases.FIRST_WORDS else 0
        return Saying(said.kind, said.valence, said.marks | starts | ends, spelled)
    return _UNKNOWN_ENDS if ends else said


def _says_nothing(token: str, bare: str) -> bool:
    """Whether it is a word that no list can have, however it is written: two thirds of the new words are, and telling
    them apart first costs a third of classifying them. `bare` is in lower case and without punctuation around it."""
    return (
        bare not in _LISTED
        and bare.isalnum()
        and (not "a" <= token[0] <= "z" or token.islower())  # else it may be a channel emote
        and token not in EMOTE_VALENCES
        and (token.isalnum() or token.lower() not in _KNOWN)  # signs
        and not is_respelled(bare)
    )


def _token_of(token: str, code: int) -> Token:
    kind, valence, marks, word = classify(token)
    if is_emote(token):
        marks |= NAMED
    if kind in _TURNING:
        marks |= TURNS
    if _is_command(token):
        marks |= COMMAND
    follow = phrases.following(word) if marks & STARTS and not marks & ENDS else NOTHING_FOLLOWS
    return kind, valence, marks, word, follow, code


def _is_command(token: str) -> bool:
    return token[0] == "!" and token[1:2].isalnum()


class Tokens(dict[str, Token]):
    """What tokens say, remembered up to a bound; whatever people type, memory stays within it."""

    def __missing__(self, token: str) -> Token:
        if len(token) > LONGEST:
            return _token_of(token, word_code(token))
        bare = token.lower()
        if not bare.isalnum():
            bare = bare.strip(PUNCTUATION) or bare
        code = bare_code(bare)
        if not _says_nothing(token, bare):
            known = _token_of(token, code)
        elif bare == token:
            known = NOTHING, 0, 0, "", NOTHING_FOLLOWS, code
        else:
            marks = (ENDS if token[-1] in _ENDS else 0) | (COMMAND if _is_command(token) else 0)
            known = NOTHING, 0, marks, "", NOTHING_FOLLOWS, code
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        self[token] = known
        return known
