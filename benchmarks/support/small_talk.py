"""A channel where nothing ever happens: a steady rate of people who talk, viewers who come and go, a gift at times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from telemetra.model.event import Event
from telemetra.model.window import SECOND
from telemetra.sources.simulation import chatter
from telemetra.sources.simulation.chance import chance, poisson
from telemetra.sources.simulation.channels import CHANNELS

_encode = msgspec.json.Encoder().encode
_CHANNEL = CHANNELS[0]
_VIEWERS_EVERY = 10
_VIEWERS = 2_000
_GIFTS_A_SECOND = 0.02


def small_talk(rate: float, seed: int, hours: float, origin: int) -> Iterator[Event]:
    """`rate` messages a second, Poisson, for `hours` from `origin` (microseconds). Every moment in it is false."""
    rng = chance("small talk", seed, rate)
    for second in range(round(hours * 3_600)):
        happenings: list[tuple[int, str, dict[str, Any]]] = []
        for _ in range(poisson(rng, rate)):
            (user_id, username), (message, _) = chatter.person(rng, _CHANNEL), chatter.small_talk(rng, _CHANNEL)
            data = {"user_id": user_id, "username": username, "message": message}
            happenings.append((rng.randrange(SECOND), "chat.message", data))
        if second % _VIEWERS_EVERY == 0:
            happenings.append((0, "viewer.count", {"viewer_count": poisson(rng, 400) * _VIEWERS // 400}))
        for _ in range(poisson(rng, _GIFTS_A_SECOND)):
            gift = {"transaction_type": "gift_sub", "amount": "4.99", "currency": "USD"}
            happenings.append((rng.randrange(SECOND), "transaction", gift))
        happenings.sort(key=lambda happening: happening[0])
        for number, (at, event_type, data) in enumerate(happenings):
            event_id = f"{second}-{number}"
            if event_type == "transaction":
                data["transaction_id"] = event_id
            time = origin + second * SECOND + at
            yield Event(event_id, event_type, "default", "calm", "noise", time, time + SECOND, _encode(data))
