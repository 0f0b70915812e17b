"""The names of emotes: known ones, and what has the shape of a channel's own."""

from __future__ import annotations

from telemetra.text.data import read_valences
from telemetra.text.shape import channel_emote_name

EMOTE_VALENCES = read_valences("emotes.txt")
"""Known emotes and their valence in hundredths of VADER's unit. Case matters."""


def is_emote(token: str) -> bool:
    return token in EMOTE_VALENCES or channel_emote_name(token) is not None
