"""Finds emotes in plain text, for feeds that do not name them."""

from __future__ import annotations

from telemetra.text.reading import read


def find(message: str) -> list[str]:
    """The emotes in `message`, in order, repeats kept.

    A token between blanks is an emote if it is a known name (exact case) or has the shape of a channel emote. Any text
    is accepted; what is remembered between calls is bounded.
    """
    return list(read(message).emotes)
