"""What is planted in a channel, when, and how strong: the truth that detection is judged by.

Everything is in seconds since the start of the simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from telemetra.sources.simulation.chance import chance
from telemetra.sources.simulation.channels import Channel

KINDS = ("hype", "raid", "copypasta", "lull")
"""In this order over and over; a lull is less chat than usual and no moment."""

ATTACK_SECONDS = 4
FADE_SECONDS = 12
RAID_STAYS_SECONDS = 900
_SHORTEST_PAUSE = 200
_LONGEST_PAUSE = 330


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted moment. `strength`: the chat rate at its height over the ordinary one. `viewers`: come by raid."""

    number: int
    kind: str
    start: int
    end: int
    strength: float
    viewers: int = 0

    def factor(self, second: int) -> float:
        """By how much the chat rate is multiplied at `second`: a steep rise, a plateau, a fade after the end."""
        if second < self.start:
            return 1.0
        if second >= self.end:
            height = math.exp(-(second - self.end) / FADE_SECONDS)
        else:
            height = min(1.0, (second - self.start + 1) / ATTACK_SECONDS)
        return 1.0 + (self.strength - 1.0) * height


def plants_of(seed: int, channel: Channel) -> Iterator[Plant]:
    """The plants of a channel in order of time, without end (none for a channel where nothing happens)."""
    if channel.first_plant is None:
        return
    rng = chance(seed, channel.stream_id, "plants")
    # Small chats leap further: a moment must stand out of their noise too.
    boldness = 1.0 if channel.chat_rate >= 2 else 1.6
    start = channel.first_plant
    number = 0
    while True:
        kind = KINDS[number % len(KINDS)]
        strength = round(rng.uniform(3.5, 7.0) * boldness, 2)
        length = rng.randint(45, 80)
        viewers = 0
        if kind == "raid":
            viewers = int(channel.viewers * rng.uniform(0.5, 0.9))
        elif kind == "lull":
            strength, length = 0.4, rng.randint(120, 180)
        yield Plant(number, kind, start, start + length, strength, viewers)
        start += length + rng.randint(_SHORTEST_PAUSE, _LONGEST_PAUSE)
        number += 1
