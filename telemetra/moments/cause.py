"""Why a moment happened, as far as its evidence tells."""

from __future__ import annotations

from typing import NamedTuple

from telemetra.moments.evidence import Counts

_HYPE_EMOTES = 0.4
_MOST_CONFIDENT = 0.6  # without a comparison with the emotes that are usual in this chat
_ONE_MESSAGE = 0.35


class Cause(NamedTuple):
    """`name` of the cause, `confidence` in it (0..1), and the numbers that speak for it."""

    name: str
    confidence: float
    facts: dict[str, float]


UNKNOWN = Cause("unknown", 0.0, {})


def cause_of(evidence: Counts, events: float) -> Cause:
    """The cause of a moment of a count series with so many events.

    Hype is a crowd that answers with emotes. Where one message makes up much of it, somebody repeats a text, and
    emotes say nothing about the crowd.
    """
    emotes = evidence.get("emotes")
    if not emotes or events <= 0:
        return UNKNOWN
    emotes_per_message = sum(emotes.values()) / events
    one_message = max(evidence.get("messages", {}).values(), default=0) / events
    facts = {"emotes_per_message": round(emotes_per_message, 3), "most_repeated_share": round(one_message, 3)}
    if emotes_per_message < _HYPE_EMOTES or one_message >= _ONE_MESSAGE:
        return Cause("unknown", 0.0, facts)
    return Cause("hype", round(min(_MOST_CONFIDENT, emotes_per_message / 2), 3), facts)
