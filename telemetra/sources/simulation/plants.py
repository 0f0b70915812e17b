"""What is planted in a channel, when, and how strong: the truth that detection is judged by.

Everything is in seconds since the start of the simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from telemetra.sources.simulation.chance import chance
from telemetra.sources.simulation.channels import Channel

KINDS = ("hype", "raid", "copypasta", "lull", "bot", "gifts", "mood", "slump")
"""In this order over and over. A lull is less chat than usual and no moment; in a slump hardly anybody writes. A mood
is as much chat as usual, but sour; gifts are paid for and hardly spoken of."""

CROWDS = ("hype", "raid", "copypasta", "bot")
"""These bring more chat, from twice the ordinary rate on."""

WEAKEST, STRONGEST = 2.0, 7.0
ATTACK_SECONDS = 4
FADE_SECONDS = 12
RAID_STAYS_SECONDS = 900
_SHORTEST_PAUSE = 200
_LONGEST_PAUSE = 330


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted moment. `strength`: the chat rate at its height over the ordinary one. `share`: of the messages at
    its height, how many are about it. `viewers`: come by raid. `gifts`: subscriptions given away."""

    number: int
    kind: str
    start: int
    end: int
    strength: float
    share: float
    viewers: int = 0
    gifts: int = 0

    def factor(self, second: int) -> float:
        """By how much the chat rate is multiplied at `second`: a steep rise, a plateau, a fade after the end."""
        return 1.0 + (self.strength - 1.0) * self._height(second)

    def about(self, second: int) -> float:
        """The chance that a message at `second` is about it."""
        height = self._height(second)
        now = self.strength * height
        return self.share * now / (now + (1.0 - height)) if height else 0.0

    def _height(self, second: int) -> float:
        if second < self.start:
            return 0.0
        if second >= self.end:
            return math.exp(-(second - self.end) / FADE_SECONDS)
        return min(1.0, (second - self.start + 1) / ATTACK_SECONDS)


def plants_of(seed: int, channel: Channel) -> Iterator[Plant]:
    """The plants of a channel in order of time, without end (none for a channel where nothing happens)."""
    if channel.first_plant is None:
        return
    rng = chance(seed, channel.stream_id, "plants")
    start = channel.first_plant
    number = 0
    while True:
        kind = KINDS[number % len(KINDS)]
        plant = _plant(rng, channel, number, kind, start)
        yield plant
        start = plant.end + rng.randint(_SHORTEST_PAUSE, _LONGEST_PAUSE)
        number += 1


def _plant(rng: Random, channel: Channel, number: int, kind: str, start: int) -> Plant:
    if kind in CROWDS:
        strength = round(rng.uniform(WEAKEST, STRONGEST), 2)
        viewers = int(channel.viewers * rng.uniform(0.5, 0.9)) if kind == "raid" else 0
        # Of the messages above the ordinary rate, each speaks of what is going on.
        share = (strength - 1.0) / strength
        return Plant(number, kind, start, start + rng.randint(45, 80), strength, share, viewers)
    if kind == "gifts":
        return Plant(number, kind, start, start + rng.randint(20, 40), 1.2, 0.3, gifts=rng.randint(25, 60))
    if kind == "mood":
        return Plant(number, kind, start, start + rng.randint(120, 180), 1.0, 0.8)
    strength = 0.08 if kind == "slump" else 0.4
    return Plant(number, kind, start, start + rng.randint(120, 180), strength, 0.0)
