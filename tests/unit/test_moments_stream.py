"""All detection of one stream: what is emitted when, its evidence, restarts at any hop, gaps."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.model.moment import Moment, moment_id
from telemetra.model.times import rfc3339
from telemetra.model.window import HOP, MINUTE, Observation
from telemetra.moments.settings import MomentSettings
from tests.support.observations import INFO, ORIGIN, detectors, hop, latest, run

QUIET = [
    "hello there",
    "what game is this",
    "nice day",
    "brb",
    "ok",
    "left side",
    "maybe",
    "yes",
    "hm",
    "so",
    "who",
    "wow",
]
LOUD = ["PogChamp PogChamp"] * 20 + ["LUL"] * 10 + [f"did you see that {n}" for n in range(40)]


def a_stream_with_a_burst() -> list[Observation]:
    """Fifteen quiet minutes, forty loud seconds, six quiet minutes; a raid doubles the viewers with the burst."""
    return [
        hop(number, viewers=2_000 if number >= 90 else 1_000, messages=LOUD if 90 <= number < 94 else QUIET)
        for number in range(130)
    ]


def test_a_burst_is_told_at_once_and_again_when_it_ends() -> None:
    versions = [moment for moment in run(a_stream_with_a_burst()) if moment.moment_type == "chat_spike"]
    assert [moment.version for moment in versions] == list(range(1, len(versions) + 1))
    assert len({moment.moment_id for moment in versions}) == 1
    assert all(moment.ended_at is None for moment in versions[:-1])
    first, last = versions[0], versions[-1]
    onset = ORIGIN + 90 * HOP
    assert last.timestamp == onset
    assert last.ended_at == onset + 4 * HOP
    assert last.metric_value == 4 * len(LOUD) + 2 * len(QUIET)
    assert first.metric_value < last.metric_value
    assert last.moment_id == moment_id("default", "a-channel", "chat_spike", "chat_rate", onset)
    assert last.z_score is not None
    assert last.z_score > 4
    assert 0.5 <= last.severity < 1
    assert last.threshold is not None
    assert 72 < last.threshold < last.metric_value
    assert last.description == (
        "Chat rose to 304 messages a minute, 4.2 times the usual 72, as many wrote PogChamp and LUL."
    )


def test_a_moment_is_noticed_within_thirty_seconds() -> None:
    watch = detectors()
    for number, observation in enumerate(a_stream_with_a_burst()):
        if watch.observe(observation, INFO):
            assert number <= 92
            return
    pytest.fail("nothing was noticed")


def test_a_burst_within_a_long_moment_is_another_one() -> None:
    """Chat fills up to three times the usual, stays so for eight minutes, and then something happens."""
    hops = [hop(number, chat=12) for number in range(90)] + [hop(number, chat=36) for number in range(90, 138)]
    hops += [hop(number, chat=150) for number in range(138, 144)] + [hop(number, chat=12) for number in range(144, 180)]
    filling, burst = latest(run(hops))
    assert filling.timestamp == ORIGIN + 90 * HOP
    assert filling.ended_at == burst.timestamp == ORIGIN + 138 * HOP
    assert burst.ended_at == ORIGIN + 144 * HOP
    assert (filling.metric_value, burst.metric_value) == (216.0, 900.0)
    assert burst.metadata["baseline"]["level"] == 216.0
    assert filling.severity < burst.severity


def test_a_long_moment_that_goes_on_is_one() -> None:
    rng = random.Random(8)
    hops = [hop(number, chat=12) for number in range(90)]
    hops += [hop(number, chat=rng.choice([30, 40, 55])) for number in range(90, 160)]
    hops += [hop(number, chat=12) for number in range(160, 190)]
    assert len(latest(run(hops))) == 1


def test_a_moment_explains_itself() -> None:
    moment = next(moment for moment in latest(run(a_stream_with_a_burst())) if moment.moment_type == "chat_spike")
    metadata = moment.metadata
    assert metadata["baseline"]["level"] == 72
    assert metadata["stream_offset_seconds"] == 900
    assert metadata["peak_at"] == rfc3339(ORIGIN + 94 * HOP)
    assert metadata["top_messages"][0] == {"text": "PogChamp PogChamp", "count": 80}
    assert metadata["top_emotes"] == [{"name": "PogChamp", "count": 160}, {"name": "LUL", "count": 40}]
    assert metadata["cause"] == "hype"
    assert 0 < metadata["confidence"] <= 1
    assert metadata["detector"]["open_score"] == MomentSettings().open_score
    values = [value for _, value in metadata["series"]]
    assert values[:20] == [72.0] * 20
    assert max(values) == moment.metric_value
    assert metadata["series"][0][0].endswith("Z")
    json.dumps(metadata, allow_nan=False)


def test_one_message_over_and_over_is_not_called_hype() -> None:
    pasta = ["the soup is ready LUL LUL"] * 90
    hops = [hop(number, messages=pasta if 90 <= number < 95 else QUIET) for number in range(120)]
    (moment,) = latest(run(hops))
    assert moment.metadata["cause"] == "copypasta"
    assert moment.metadata["confidence"] > 0.8
    assert moment.description.endswith(", as many repeated “the soup is ready LUL LUL”.")


def test_a_raid_is_a_viewer_spike_too() -> None:
    moment = next(moment for moment in latest(run(a_stream_with_a_burst())) if moment.moment_type == "viewer_spike")
    assert moment.timestamp == ORIGIN + 90 * HOP
    assert moment.description == "Viewers rose to 2,000, 2.0 times the usual 1,000."
    assert moment.ended_at is not None
    assert moment.metadata["cause"] == "unknown"


def test_the_z_score_is_that_of_the_chat() -> None:
    watch = detectors()
    seen = []
    for observation in a_stream_with_a_burst():
        watch.observe(observation, INFO)
        seen.append(watch.z_score)
    assert seen[:29] == [None] * 29
    assert seen[29:90] == [0.0] * 61
    assert max(z for z in seen if z is not None) > 4


def test_a_stream_that_is_small_opens_nothing() -> None:
    assert run([hop(number, chat=9 if 60 <= number < 66 else 0) for number in range(120)]) == []


def test_viewers_without_a_reading_are_no_fall_and_no_rise() -> None:
    hops = [hop(number, chat=10, viewers=5_000 if number % 9 == 0 else None) for number in range(400)]
    assert run(hops) == []


def test_a_gap_closes_what_is_open_and_keeps_what_is_usual() -> None:
    watch = detectors()
    opened = run([hop(number, chat=12 if number < 90 else 90) for number in range(94)], watch)
    assert opened[-1].ended_at is None
    closed = watch.skip(ORIGIN + 94 * HOP + 60 * MINUTE)
    assert [moment.ended_at for moment in closed] == [ORIGIN + 94 * HOP]
    assert closed[0].version == opened[-1].version + 1
    assert watch.z_score is None
    # After the gap the first window needs a minute; then the old baseline judges it.
    later = ORIGIN + 94 * HOP + 60 * MINUTE
    zs = []
    for number in range(8):
        watch.observe(hop(number, chat=12, origin=later), INFO)
        zs.append(watch.z_score)
    assert zs[:5] == [None] * 5
    assert zs[5] is not None
    assert abs(zs[5]) < 1


def test_the_next_broadcast_begins_without_history() -> None:
    watch = detectors()
    run([hop(number, chat=12) for number in range(200)], watch)
    later = ORIGIN + 200 * HOP + 720 * MINUTE
    assert watch.skip(later) == []
    assert run([hop(number, chat=300, origin=later) for number in range(200)], watch) == []


def messages_of(rng: random.Random, many: int) -> list[str]:
    return [rng.choice(["LUL", "hi", "PogChamp", "what", "no", "so good", "x" * 400]) for _ in range(many)]


def random_stream(seed: int, length: int) -> list[Observation]:
    rng = random.Random(seed)
    hops = []
    loud = 0
    for number in range(length):
        loud = rng.randint(2, 12) if rng.random() < 0.03 else max(0, loud - 1)
        viewers = None if rng.random() < 0.3 else rng.randint(900, 1_100) * (2 if loud else 1)
        hops.append(hop(number, viewers=viewers, messages=messages_of(rng, rng.randint(5, 20) * (8 if loud else 1))))
    return hops


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 239), max_size=6, unique=True), st.booleans())
def test_restarts_at_any_hop_change_nothing(seed: int, cuts: list[int], gap: bool) -> None:
    hops = random_stream(seed, 240)

    def replay(restarts: list[int]) -> list[tuple[int, Moment | float | None]]:
        watch, told = detectors(), []
        for number, observation in enumerate(hops):
            if number in restarts:
                stored = watch.state()
                watch = detectors()
                watch.restore(stored)
            if gap and number == 150:
                told += [(number, moment) for moment in watch.skip(observation.end - HOP)]
            told += [(number, moment) for moment in watch.observe(observation, INFO)]
            told.append((number, watch.z_score))
        return told

    assert replay(cuts) == replay([])


def test_the_stored_state_is_a_copy() -> None:
    watch = detectors()
    hops = a_stream_with_a_burst()
    run(hops[:92], watch)
    state = watch.state()
    rest = run(hops[92:], watch)
    again = detectors()
    again.restore(state)
    assert run(hops[92:], again) == rest


def test_a_stream_that_ends_before_its_first_window_holds_no_heads() -> None:
    watch = detectors()
    hops = random_stream(3, 7)
    run(hops[:4], watch)
    assert b"novelty" not in watch.state()
    again = detectors()
    again.restore(watch.state())
    run(hops[4:], again)
    assert b"novelty" in again.state()


def test_what_follows_does_not_change_what_was_said() -> None:
    hops = random_stream(3, 300)
    whole = run(hops)
    for cut in (40, 100, 177, 299):
        part = run(hops[:cut])
        assert part == whole[: len(part)]


def test_state_and_moments_are_bounded_whatever_people_type() -> None:
    rng = random.Random(9)
    watch = detectors(MomentSettings(longest_seconds=10**9, merge_seconds=10**9))
    told = []
    for number in range(1_500):
        messages = [f"{rng.random()} {'y' * 400}" for _ in range(5 if number < 60 else 200)]
        told += watch.observe(hop(number, messages=messages), INFO)
    assert told
    assert len(watch.state()) < 60_000
    assert max(len(moment.metadata["series"]) for moment in told) <= 181
