"""The rules of SPEC 4 written once more, as plainly as possible and without any of the engine's code.

Slow on purpose: it keeps every event and looks at all of them for each question.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from telemetra.model.event import Event
from telemetra.text import sentiment
from telemetra.text.reading import read

MINUTE = 60_000_000
DELAY = 10_000_000
LATENESS = 60_000_000


def judge(events: Sequence[Event]) -> list[str]:
    """What becomes of each event of one stream, in log order: counted, duplicate or late."""
    fates: list[str] = []
    watermark = 0
    for index, event in enumerate(events):
        final = watermark - LATENESS
        remembered = {
            (other.source, other.event_id)
            for other, fate in zip(events[:index], fates, strict=True)
            if fate == "counted" and not _is_final(other, final)
        }
        if (event.source, event.event_id) in remembered:
            fates.append("duplicate")
        elif _is_final(event, final):
            fates.append("late")
        else:
            fates.append("counted")
            watermark = max(watermark, min(event.timestamp, event.received_at) - DELAY)
    return fates


def _is_final(event: Event, final: int) -> bool:
    return event.timestamp // MINUTE * MINUTE + MINUTE <= final


def chat_rows(events: Sequence[Event]) -> dict[int, dict[str, Any]]:
    """By start of minute: the chat columns of the counted events of one stream."""
    minutes: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        minutes.setdefault(event.timestamp // MINUTE * MINUTE, []).append(json.loads(event.data))
    return {start: _chat_row(messages) for start, messages in minutes.items()}


def _chat_row(messages: list[dict[str, Any]]) -> dict[str, Any]:
    named: Counter[str] = Counter()
    for message in messages:
        given = message.get("emotes")
        named.update(read(message["message"]).emotes if given is None else given)
    scores = [sentiment.score(message["message"], message.get("emotes") or ()) for message in messages]
    top = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    return {
        "chat_count": len(messages),
        "unique_chatters": len({message["user_id"] for message in messages}),
        "top_emotes": [list(pair) for pair in top],
        "avg_sentiment": sum(scores) / (len(scores) * 10_000),
        "positive_count": sum(score >= 500 for score in scores),
        "negative_count": sum(score <= -500 for score in scores),
        "chat_rate": len(messages) / 60,
    }
