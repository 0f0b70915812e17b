"""The channels of the simulation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One simulated channel. `chat_rate`: messages a second on an ordinary minute. `prefix`: of its own emotes.

    `named_emotes`: its feed names the emotes of a message; otherwise they stand in the text alone. `first_plant`:
    seconds until its first planted moment, None for a channel where nothing ever happens. `support_rate`:
    transactions a minute.
    """

    stream_id: str
    streamer_name: str
    title: str
    game_category: str
    chat_rate: float
    viewers: int
    chatters: int
    prefix: str
    named_emotes: bool
    first_plant: int | None
    support_rate: float


CHANNELS = (
    Channel(
        stream_id="nova_plays",
        streamer_name="NovaPlays",
        title="Road to the top, no sleep until we are there",
        game_category="Orbit Clash",
        chat_rate=2.2,
        viewers=3_400,
        chatters=900,
        prefix="nova",
        named_emotes=False,
        first_plant=570,
        support_rate=1.5,
    ),
    Channel(
        stream_id="titan_arena",
        streamer_name="TitanArena",
        title="Spring finals, day two",
        game_category="Siege of Titans",
        chat_rate=5.0,
        viewers=17_500,
        chatters=4_000,
        prefix="titan",
        named_emotes=True,
        first_plant=780,
        support_rate=3.0,
    ),
    Channel(
        stream_id="pixel_pantry",
        streamer_name="PixelPantry",
        title="Slow bread and fast pixels",
        game_category="Food and Drink",
        chat_rate=0.9,
        viewers=860,
        chatters=260,
        prefix="pantry",
        named_emotes=False,
        first_plant=690,
        support_rate=0.6,
    ),
    Channel(
        stream_id="lofi_lighthouse",
        streamer_name="LofiLighthouse",
        title="Rain, records and a quiet night",
        game_category="Music",
        chat_rate=0.08,
        viewers=140,
        chatters=40,
        prefix="lofi",
        named_emotes=False,
        first_plant=None,
        support_rate=0.05,
    ),
)
