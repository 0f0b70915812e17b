"""Every type of moment of a broadcast: when it is raised, and when it is not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import HOP, Observation
from telemetra.sources.simulation.chance import poisson
from tests.support.observations import INFO, ORIGIN, detectors, hop, latest, run

GLAD = ["this is great", "so good", "love it", "nice", "amazing play", "what is the song", "brb", "left side"]
SOUR = ["this is terrible", "i hate it", "so bad", "horrible", "worst play ever", "what is the song", "brb", "sad"]


def chat_at(rates: Sequence[float], seed: int = 1) -> list[Observation]:
    """Poisson chat of so many messages per hop."""
    rng = random.Random(seed)
    return [hop(number, chat=poisson(rng, rate)) for number, rate in enumerate(rates)]


def types_of(moments: Sequence[Moment]) -> list[str]:
    return [moment.moment_type for moment in latest(moments)]


def test_a_chat_that_nearly_stops_is_a_drop() -> None:
    (moment,) = latest(run(chat_at([20.0] * 180 + [2.0] * 18 + [20.0] * 40)))
    assert moment.moment_type == "chat_drop"
    assert abs(moment.timestamp - (ORIGIN + 180 * HOP)) <= 2 * HOP
    assert moment.ended_at is not None
    assert abs(moment.ended_at - (ORIGIN + 198 * HOP)) <= 2 * HOP
    assert moment.z_score is not None
    assert moment.z_score < -4
    assert moment.metric_value < 30
    assert moment.threshold is not None
    assert moment.metric_value < moment.threshold <= 40
    assert moment.description.startswith(f"Chat fell to {moment.metric_value:.0f} messages a minute from the usual 1")
    assert moment.metadata["cause"] == "unknown"


@pytest.mark.parametrize("seed", range(4))
def test_less_chat_a_quiet_night_and_a_long_evening_are_none(seed: int) -> None:
    assert run(chat_at([20.0] * 180 + [9.0] * 18 + [20.0] * 40, seed)) == []
    assert run(chat_at([1.0] * 180 + [0.1] * 60 + [1.0] * 40, seed)) == []
    fading = [20.0 * 0.985**number for number in range(300)]
    assert run(chat_at([20.0] * 120 + fading, seed)) == []


def test_silence_is_a_state_and_no_drop() -> None:
    assert run(chat_at([20.0] * 180 + [0.0] * 60 + [20.0] * 40)) == []
    # Viewers that read zero are an outage of the counter, not five thousand who left.
    viewers = [5_000] * 180 + [0] * 20 + [5_000] * 40
    assert run([hop(number, chat=5, viewers=count) for number, count in enumerate(viewers)]) == []


def test_the_end_of_the_stream_is_no_drop() -> None:
    ended = msgspec.structs.replace(INFO, is_live=False)

    def told(after: StreamInfo, *, leaves: bool = False) -> list[Moment]:
        watch = detectors()
        before = [hop(number, chat=20, viewers=5_000, leaves=leaves and number == 179) for number in range(180)]
        hops = before + [hop(number, chat=2, viewers=400) for number in range(180, 250)]
        return [
            moment
            for number, observation in enumerate(hops)
            for moment in watch.observe(observation, INFO if number < 180 else after)
        ]

    assert told(ended) == []
    assert told(INFO, leaves=True) == []
    assert sorted(types_of(told(INFO))) == ["chat_drop", "viewer_drop"]


def test_viewers_who_leave_at_once_are_a_drop_and_one_low_reading_is_none() -> None:
    rng = random.Random(3)
    viewers = [round(2_000 * rng.uniform(0.97, 1.03)) for _ in range(240)]
    once = [hop(number, viewers=700 if number == 180 else count) for number, count in enumerate(viewers)]
    assert run(once) == []
    left = [hop(number, viewers=count if number < 180 else round(count * 0.4)) for number, count in enumerate(viewers)]
    (moment,) = latest(run(left))
    assert moment.moment_type == "viewer_drop"
    assert moment.description.startswith("Viewers fell to 7")


def mood_at(moods: Sequence[float], per_hop: int = 6, seed: int = 1) -> list[Observation]:
    """`moods`: the share of glad messages per hop; the others are sour."""
    rng = random.Random(seed)
    return [
        hop(number, messages=[rng.choice(GLAD if rng.random() < mood else SOUR) for _ in range(per_hop)])
        for number, mood in enumerate(moods)
    ]


def test_a_mood_that_turns_is_a_shift_down_and_up() -> None:
    for before, after, verb in ((0.9, 0.1, "fell"), (0.2, 1.0, "rose")):
        (moment,) = latest(run(mood_at([before] * 120 + [after] * 15 + [before] * 40)))
        assert moment.moment_type == "sentiment_shift"
        assert moment.metric_name == "sentiment_score"
        assert moment.description.startswith(f"Sentiment {verb} to ")
        assert moment.metadata["cause"] == "sentiment"
        assert abs(moment.timestamp - (ORIGIN + 120 * HOP)) <= 3 * HOP
        assert (moment.z_score or 0.0) * (1 if verb == "rose" else -1) > 4


def test_a_few_messages_are_no_mood() -> None:
    assert run(mood_at([0.9] * 120 + [0.0] * 15 + [0.9] * 40, per_hop=3)) == []
    assert run(mood_at([0.9] * 20 + [0.0] * 9, per_hop=6)) == []


@pytest.mark.parametrize("per_hop", [4, 10, 40])
def test_moods_by_chance_are_none(per_hop: int) -> None:
    assert run(mood_at([0.5] * 1_500, per_hop, seed=per_hop)) == []


def test_gifts_are_a_revenue_spike_and_ordinary_support_is_none() -> None:
    rng = random.Random(5)
    support = ["4.99" if rng.random() < 0.25 else "0" for _ in range(1_000)]
    assert run([hop(number, chat=5, revenue=amount) for number, amount in enumerate(support)]) == []
    gifts = [hop(number, chat=5, revenue="99.80" if 500 <= number < 503 else support[number]) for number in range(600)]
    (moment,) = latest(run(gifts))
    assert moment.moment_type == "revenue_spike"
    assert moment.metric_value == pytest.approx(3 * 99.8, abs=30)
    assert " USD a minute" in moment.description
