"""Everything that happens in one channel in one second."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from random import Random
from typing import Any

from telemetra.sources.simulation import chatter
from telemetra.sources.simulation.chance import chance, poisson
from telemetra.sources.simulation.channels import Channel
from telemetra.sources.simulation.plants import CROWDS, FADE_SECONDS, KINDS, RAID_STAYS_SECONDS, Plant, plants_of

VIEWERS_EVERY_SECONDS = 10
_LURKERS = 0.3
_HOSTS = 0.2

Happening = tuple[float, str, dict[str, Any]]
"""(fraction of the second, event type, data)."""

_PRICES = (("subscription", "4.99"), ("subscription_renewal", "4.99"), ("gift_sub", "4.99"), ("donation", "10.00"))


class Activity:
    """A channel by the second. A second depends on the seed and its number alone, not on what was asked before."""

    def __init__(self, seed: int, channel: Channel) -> None:
        self.channel = channel
        self._seed = seed
        self._plants: list[Plant] = []
        self._starts: list[int] = []
        self._coming = plants_of(seed, channel)

    def plants(self, until: int) -> list[Plant]:
        """The plants that start before `until`."""
        while not self._starts or self._starts[-1] < until:
            plant = next(self._coming, None)
            if plant is None:
                break
            self._plants.append(plant)
            self._starts.append(plant.start)
        return self._plants[: bisect_right(self._starts, until - 1)]

    def second(self, second: int) -> list[Happening]:
        """What happens in this second, in order of time."""
        rng = chance(self._seed, self.channel.stream_id, second)
        plants = self.plants(second + 1)
        last = plants[-1] if plants else None
        happenings = [*self._meta(second, last), *self._viewers(rng, second, plants)]
        happenings += self._chat(rng, second, last)
        happenings += self._support(rng, second, last)
        happenings.sort(key=lambda happening: happening[0])
        return happenings

    def _meta(self, second: int, last: Plant | None) -> Iterator[Happening]:
        channel = self.channel
        if second == 0:
            about = {"title": channel.title, "streamer_name": channel.streamer_name}
            yield 0.0, "stream.meta", {"event_type": "stream_start", "game_category": channel.game_category, **about}
        if last is not None and last.kind == "raid" and last.start == second:
            raid = {"from": _raider(last), "viewer_count": last.viewers}
            yield 0.001, "stream.meta", {"event_type": "raid_incoming", "raid": raid}

    def _viewers(self, rng: Random, second: int, plants: list[Plant]) -> Iterator[Happening]:
        if second % VIEWERS_EVERY_SECONDS:
            return
        # Slow tides, small jitter, and the raiders, who leave again one by one.
        tide = 1 + 0.05 * math.sin(2 * math.pi * second / 5_400) + rng.gauss(0, 0.004)
        visitors = sum(
            plant.viewers
            * min(1.0, (second - plant.start) / 20)
            * math.exp(-(second - plant.start) / RAID_STAYS_SECONDS)
            for plant in plants[-20:]
            if plant.viewers
        )
        count = round(self.channel.viewers * tide + visitors)
        yield 0.002, "viewer.count", {"viewer_count": count, "unique_viewers": round(count * 0.93)}

    def _chat(self, rng: Random, second: int, last: Plant | None) -> Iterator[Happening]:
        channel = self.channel
        tide = 1 + 0.12 * math.sin(2 * math.pi * second / 2_700)
        factor = last.factor(second) if last is not None else 1.0
        for _ in range(poisson(rng, channel.chat_rate * tide * factor)):
            at = rng.random()
            special = last is not None and rng.random() < last.about(second)
            (user_id, username), (message, emotes) = self._message(rng, last if special else None)
            data: dict[str, Any] = {"user_id": user_id, "username": username, "message": message}
            if channel.named_emotes:
                data["emotes"] = emotes
            yield at, "chat.message", data

    def _message(self, rng: Random, plant: Plant | None) -> tuple[tuple[str, str], tuple[str, list[str]]]:
        channel = self.channel
        if plant is None:
            return chatter.person(rng, channel), chatter.small_talk(rng, channel)
        if plant.kind == "raid":
            return self._raid_message(rng, plant)
        if plant.kind == "copypasta":
            return chatter.person(rng, channel), chatter.copypasta(rng, plant.number)
        if plant.kind == "bot":
            return chatter.bot(rng, plant.number)
        if plant.kind == "mood":
            return chatter.person(rng, channel), chatter.sour(rng)
        if plant.kind == "gifts":
            return chatter.person(rng, channel), chatter.thanks(rng)
        # Many who only watch until then write when something happens.
        who = chatter.lurker if rng.random() < _LURKERS else chatter.person
        return who(rng, channel), chatter.hype(rng, channel)

    def _raid_message(self, rng: Random, plant: Plant) -> tuple[tuple[str, str], tuple[str, list[str]]]:
        """Most come from elsewhere and many of them write the raid's own text; the others welcome them."""
        origin = _raider(plant)
        if rng.random() < _HOSTS:
            return chatter.person(rng, self.channel), chatter.welcome(rng)
        newcomer = chatter.newcomer(rng, f"{origin}-{plant.number}", plant.viewers // 3)
        return newcomer, chatter.raid(rng, self.channel, origin)

    def _support(self, rng: Random, second: int, last: Plant | None) -> Iterator[Happening]:
        excited = last is not None and last.kind in CROWDS and second < last.end + FADE_SECONDS
        for _ in range(poisson(rng, self.channel.support_rate / 60 * (1.5 if excited else 1))):
            user_id, username = chatter.person(rng, self.channel)
            giver = {"user_id": user_id, "username": username}
            if rng.random() < 0.35:
                bits = rng.choice((100, 200, 500, 1_000))
                sale = {"transaction_type": "bits", "amount": str(bits), "currency": "bits"}
            else:
                transaction_type, amount = rng.choice(_PRICES)
                sale = {"transaction_type": transaction_type, "amount": amount, "currency": "USD"}
            yield rng.random(), "transaction", {**giver, **sale}
        if last is not None and last.gifts and last.start <= second < last.end:
            # One giver, evenly over the time.
            length, passed = last.end - last.start, second - last.start
            user_id, username = chatter.giver(last.number, self.channel)
            for _ in range(last.gifts * (passed + 1) // length - last.gifts * passed // length):
                sale = {"transaction_type": "gift_sub", "amount": "4.99", "currency": "USD"}
                yield rng.random(), "transaction", {"user_id": user_id, "username": username, **sale}


def _raider(plant: Plant) -> str:
    return chatter.RAIDERS[plant.number // len(KINDS) % len(chatter.RAIDERS)]
