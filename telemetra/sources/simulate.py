"""A seeded simulation of channels: hype, raids, copypasta, bots, gifts, moods, slumps, lulls and a quiet night, with
the truth about them.

The same seed and origin always give the same events, whatever ranges are asked for and in whatever pieces, so that a
past produced at once and a present produced as it happens join without a seam.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.sources.simulation.activity import Activity
from telemetra.sources.simulation.channels import CHANNELS, Channel
from telemetra.sources.simulation.plants import Plant

SOURCE = "simulation"

_MOMENT_TYPES = {
    "hype": ["chat_spike"],
    "raid": ["chat_spike", "viewer_spike"],
    "copypasta": ["chat_spike"],
    "bot": ["chat_spike"],
    "gifts": ["revenue_spike"],
    "mood": ["sentiment_shift"],
    "slump": ["chat_drop"],
    "lull": [],
}
_SPOKEN_CHAT = 1.2
"""Messages a second below which nobody notices that hardly anybody writes."""


class Simulation:
    """Channels that went live at `origin` (microseconds since the epoch, cut to the second)."""

    def __init__(self, seed: int, origin: int, channels: Sequence[Channel] = CHANNELS) -> None:
        self._origin = origin - origin % SECOND
        self._name = f"sim-{seed}-{self._origin // SECOND}"
        self._activities = [Activity(seed, channel) for channel in channels]

    def events(self, start: int, end: int) -> Iterator[dict[str, Any]]:
        """The events with start <= timestamp < end (microseconds) in order of time, in the form that intake takes.

        Their ids depend on the seed, the origin and the event, so that events sent twice are recognised.
        """
        first = max(0, (start - self._origin) // SECOND)
        last = -((self._origin - end) // SECOND)
        for second in range(first, last):
            events = [event for activity in self._activities for event in self._second(activity, second)]
            events.sort(key=lambda event: event[0])
            for timestamp, event in events:
                if start <= timestamp < end:
                    yield event

    def truth(self, start: int, end: int) -> list[dict[str, Any]]:
        """What is planted with an onset in [start, end), in order of time.

        Each has stream_id, type (of `plants.KINDS`), onset, end (RFC 3339), strength (chat rate at its height over
        the ordinary one) and moment_types: the moments that it ought to raise, none for a lull.
        """
        found = [
            (self._origin + plant.start * SECOND, activity.channel, plant)
            for activity in self._activities
            for plant in activity.plants(max(0, -((self._origin - end) // SECOND)))
        ]
        return [
            self._truth_of(onset, channel, plant)
            for onset, channel, plant in sorted(found, key=lambda item: (item[0], item[1].stream_id))
            if start <= onset < end
        ]

    def _second(self, activity: Activity, second: int) -> Iterator[tuple[int, dict[str, Any]]]:
        stream_id = activity.channel.stream_id
        base = self._origin + second * SECOND
        for number, (fraction, event_type, data) in enumerate(activity.second(second)):
            timestamp = base + int(fraction * SECOND)
            event_id = f"{self._name}-{stream_id}-{second}-{number}"
            if event_type == "transaction":
                data["transaction_id"] = event_id
            yield (
                timestamp,
                {
                    "event_id": event_id,
                    "type": event_type,
                    "stream_id": stream_id,
                    "source": SOURCE,
                    "timestamp": rfc3339(timestamp),
                    "data": data,
                },
            )

    def _truth_of(self, onset: int, channel: Channel, plant: Plant) -> dict[str, Any]:
        quiet = plant.kind == "slump" and channel.chat_rate < _SPOKEN_CHAT
        return {
            "stream_id": channel.stream_id,
            "type": plant.kind,
            "onset": rfc3339(onset),
            "end": rfc3339(self._origin + plant.end * SECOND),
            "strength": plant.strength,
            "moment_types": [] if quiet else _MOMENT_TYPES[plant.kind],
        }
