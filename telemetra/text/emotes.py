"""Finds emotes in plain text, for feeds that do not name them."""

from __future__ import annotations

from telemetra.text.data import read_valences
from telemetra.text.shape import LONGEST, channel_emote_name

EMOTE_VALENCES = read_valences("emotes.txt")
"""Known emotes and their valence in hundredths of VADER's unit. Case matters."""

_MEMO_ENTRIES = 30_000


class _Memo(dict[str, bool]):
    """Whether a token is an emote, remembered: known emotes always, other tokens until the memo is full."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(EMOTE_VALENCES, True))

    def __missing__(self, token: str) -> bool:
        is_emote = channel_emote_name(token) is not None
        if len(token) <= LONGEST:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
                self.update(dict.fromkeys(EMOTE_VALENCES, True))
            self[token] = is_emote
        return is_emote


_IS_EMOTE = _Memo()


def find(message: str) -> list[str]:
    """The emotes in `message`, in order, repeats kept.

    A token between blanks is an emote if it is a known name (exact case) or has the shape of a channel emote. Any text
    is accepted; what is remembered between calls is bounded.
    """
    return list(filter(_IS_EMOTE.__getitem__, message.split()))
