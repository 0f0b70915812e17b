"""Minute windows as a loop over tuples: what the work itself costs in Python, without anything around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from telemetra.model.window import MINUTE
from telemetra.text.reading import read

Chat = tuple[int, str, int, str, str]
"""Number, stream, microseconds, user, text."""


def plain_loop(chat: Sequence[Chat]) -> int:
    """Messages, unique chatters and top emotes per stream and minute. Returns the number of minutes."""
    minutes: dict[tuple[str, int], tuple[list[int], set[str], Counter[str]]] = {}
    for _, stream, time, user, text in chat:
        key = stream, time - time % MINUTE
        minute = minutes.get(key)
        if minute is None:
            minute = minutes[key] = [0], set(), Counter()
        count, chatters, top = minute
        count[0] += 1
        chatters.add(user)
        if found := read(text).emotes:
            top.update(found)
    rows = [(key, count[0], len(chatters), top.most_common(10)) for key, (count, chatters, top) in minutes.items()]
    return len(rows)
