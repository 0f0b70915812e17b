"""Why a moment happened, with its facts and its sentence."""

from __future__ import annotations

import random
from collections.abc import Sequence

from telemetra.model.moment import Moment
from telemetra.model.window import Observation
from tests.support.observations import hop, latest, run

REGULARS = [f"regular-{number}" for number in range(60)]
TALK = [
    "what game is this", "brb", "left side", "maybe", "that was close", "so cozy", "who else is eating", "hello there",
    "the timing though", "good luck", "is this hard mode", "my cat agrees", "sound is low", "nice hat", "one more",
    "LUL", "back from dinner", "what is the song", "i tried that", "check the map",
]  # fmt: skip


def calm(number: int) -> Observation:
    rng = random.Random(number)
    return hop(number, messages=rng.sample(TALK, 12), viewers=1_000, authors=rng.sample(REGULARS, 20))


def spike(
    messages: Sequence[str], authors: Sequence[str] = REGULARS, raid: tuple[str, int] | None = None
) -> list[Observation]:
    """A quarter of an hour of talk, then fifty seconds of talk and `messages`."""
    loud = []
    for number in range(90, 95):
        said = [*random.Random(number).sample(TALK, 12), *messages]
        writing = [*REGULARS[:12], *authors]
        loud.append(hop(number, messages=said, viewers=1_000, authors=writing, raid=raid if number == 90 else None))
    return [calm(number) for number in range(90)] + loud + [calm(number) for number in range(95, 120)]


def chat_moment(hops: Sequence[Observation]) -> Moment:
    (moment,) = (moment for moment in latest(run(hops)) if moment.moment_type == "chat_spike")
    return moment


def test_a_raid_that_is_announced() -> None:
    strangers = [f"stranger-{number}" for number in range(80)]
    moment = chat_moment(spike(["hello from orbit", "orbit raid twitchRaid"] * 30, strangers, raid=("orbit", 350)))
    assert moment.metadata["cause"] == "raid"
    assert moment.metadata["confidence"] >= 0.9
    assert moment.metadata["facts"]["raid"] == {"from": "orbit", "viewers": 350}
    assert moment.metadata["facts"]["newcomer_share"] > 0.5
    assert (
        moment.description
        == "Chat rose to 372 messages a minute, 5.2 times the usual 72, after a raid of 350 viewers from orbit."
    )


def test_a_raid_that_nobody_announced_shows_by_its_newcomers() -> None:
    strangers = [f"stranger-{number}" for number in range(80)]
    moment = chat_moment(spike([*TALK, "hi from the other side", "we are many", "hello new place"] * 2, strangers))
    assert moment.metadata["cause"] == "raid"
    assert 0.5 < moment.metadata["confidence"] < 0.95
    assert "were new here" in moment.description


def test_regulars_who_cheer_are_hype() -> None:
    moment = chat_moment(spike(["PogChamp PogChamp", "NO WAY", "LETS GOOO", "PogChamp"] * 12))
    assert moment.metadata["cause"] == "hype"
    assert moment.metadata["facts"]["lifted_emotes"][0]["name"] == "PogChamp"
    assert moment.description.endswith(", as many wrote PogChamp and LETS GOOO.")


def test_regulars_who_repeat_a_text_are_copypasta() -> None:
    pasta = "the soup is ready and nobody invited the forks"
    moment = chat_moment(spike([pasta, pasta.upper(), f"{pasta} LUL", pasta] * 12))
    assert moment.metadata["cause"] == "copypasta"
    assert moment.metadata["facts"]["wave_share"] > 0.5
    assert pasta in moment.metadata["top_messages"][0]["text"].lower()
    assert moment.metadata["top_messages"][0]["count"] > 150


def test_one_author_is_a_bot_whatever_he_writes() -> None:
    moment = chat_moment(spike([f"line {number} of my own book" for number in range(50)], ["author"] * 30))
    assert moment.metadata["cause"] == "bot"
    assert "one author wrote" in moment.description
    assert "author" not in str(moment.metadata["top_messages"])


def test_many_strangers_with_one_text_are_bots() -> None:
    spam = [f"cheap viewers at growfarm dot example tag{number}" for number in range(60)]
    moment = chat_moment(spike(spam, [f"account-{number}" for number in range(60)]))
    assert moment.metadata["cause"] == "bot"


def test_a_sour_crowd_is_a_turn_of_mood() -> None:
    sour = ["this is terrible", "worst decision ever", "i hate this", "so disappointing", "horrible, just horrible"]
    moment = chat_moment(
        spike([f"{text} {extra}" for text in sour for extra in ("honestly", "man", "again", "sad")] * 2)
    )
    assert moment.metadata["cause"] == "sentiment"
    facts = moment.metadata["facts"]
    assert facts["sentiment"] < facts["usual_sentiment"] - 0.2
    assert "the mood fell from" in moment.description


def test_no_name_is_in_the_metadata() -> None:
    metadata = str(chat_moment(spike(["PogChamp @regular-1 look", "LETS GOOO"] * 30)).metadata)
    assert "regular-1" not in metadata
