"""The novelty head: what was never seen before, once; its channels; what it forgets."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.model.window import HOP, MINUTE
from telemetra.moments.novelty import Novelty
from telemetra.moments.novelty_channels import CHANNELS, Channels, RunningMedian

DAY = 24 * 60 * MINUTE
FIVE_MINUTES = 5 * MINUTE


def scores(head: Novelty, values: list[float], step: int = HOP, first: int = 0) -> list[float]:
    return [head.observe(value, (first + at) * step) for at, value in enumerate(values)]


def noise(many: int, seed: int = 1, level: float = 100.0, deviation: float = 10.0) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(level, deviation) for _ in range(many)]


def test_a_burst_is_novel_once_and_usual_when_it_comes_again() -> None:
    head = Novelty()
    scores(head, noise(1_000))
    first = max(scores(head, [400.0] * 6))
    scores(head, noise(100, seed=2))
    again = max(scores(head, [400.0] * 6))
    assert first > 0.8
    assert again < 0.2


@pytest.mark.parametrize("value", [400.0, -400.0])
def test_both_directions_are_novel(value: float) -> None:
    head = Novelty(speaking=["value"])
    scores(head, noise(1_000))
    assert head.observe(value, 0) > 0.8


def test_half_the_scale_is_a_tenth_of_the_range_beyond_it() -> None:
    head = Novelty(speaking=["value"])
    known = 100_000
    scores(head, [0.0, 100.0] * (known // 2))
    beyond = 10.0 * (known + 1 + 1_000) / (known + 1)
    assert head.observe(100.0 + beyond, 0) == pytest.approx(0.5, abs=1e-3)


def test_the_less_is_known_the_less_is_novel() -> None:
    found = []
    for known in (30, 300, 3_000):
        head = Novelty(speaking=["value"])
        scores(head, [float(at % 10) for at in range(known)])
        found.append(head.observe(14.5, 0))
    assert found == sorted(found)
    assert found[0] < 0.25
    assert found[-1] > 0.7


def test_extremes_are_forgotten_slowly() -> None:
    head = Novelty(speaking=["value"])
    scores(head, [*noise(500), 1_000.0])
    soon = head.observe(990.0, 0)
    scores(head, noise(20_000, seed=3))
    assert soon == 0.0
    assert head.observe(990.0, 0) > 0.5


def test_a_new_level_inside_the_range_is_told_by_the_running_medians() -> None:
    values = [100.0 + (300.0 if at % 50 == 0 else at % 7) for at in range(2_000)]
    shifted = [250.0] * 15
    assert max(scores(whole := Novelty(speaking=["value"]), values)[1_000:]) < 0.02
    assert max(scores(whole, shifted)) < 0.02
    for channel in ("median_11", "minimum_11"):
        head = Novelty(speaking=[channel])
        scores(head, values)
        assert max(scores(head, shifted)) > 0.5, channel


def test_an_hour_unlike_the_same_hour_of_other_weeks_is_told_by_the_profile() -> None:
    """Busy at day, quiet at night; then busy at night, as high as any day."""
    rng = random.Random(3)

    def usual(at: int) -> float:
        return (500.0 if at * FIVE_MINUTES % DAY >= DAY // 2 else 100.0) + rng.gauss(0, 5)

    per_day = DAY // FIVE_MINUTES
    values = [usual(at) for at in range(22 * per_day)]
    night = 22 * per_day + per_day // 4
    head, plain = Novelty(speaking=["from_week"]), Novelty(speaking=["value"])
    for each in (head, plain):
        scores(each, values, FIVE_MINUTES)
    assert head.observe(500.0, night * FIVE_MINUTES) > 0.5
    assert plain.observe(500.0, night * FIVE_MINUTES) < 0.2


def test_a_drift_that_no_value_shows_is_told_by_the_cusum() -> None:
    head, plain = Novelty(speaking=["cusum_up"]), Novelty(speaking=["value"])
    for each in (head, plain):
        scores(each, noise(2_000))
    drift = noise(60, seed=8, level=118.0, deviation=4.0)
    assert max(scores(head, drift)) > 0.5
    assert max(scores(plain, drift)) < 0.3


def test_a_channel_with_hardly_any_range_does_not_speak_for_trifles() -> None:
    """The medians of an alternating series hardly ever move; the least range keeps them from crying."""
    rng = random.Random(6)
    values = [(at % 2) * 100.0 for at in range(2_000)]
    head = Novelty(speaking=["median_11", "median_25"])
    scores(head, values)
    assert max(scores(head, [50.0 + rng.random() for _ in range(8)])) <= 0.91
    assert max(scores(Novelty(speaking=["median_25"]), [100.0 + 1e-9 * (at % 2) for at in range(500)])) < 0.9


@given(st.floats(1e-6, 1e6), st.integers(0, 1_000))
def test_the_unit_does_not_matter(factor: float, seed: int) -> None:
    values = noise(150, seed)
    plain, scaled = scores(Novelty(), values), scores(Novelty(), [factor * value for value in values])
    assert scaled == pytest.approx(plain, abs=1e-6)


def test_after_a_gap_the_medians_begin_anew_and_what_was_seen_stays_seen() -> None:
    head = Novelty()
    scores(head, [*noise(1_000), 400.0, *noise(50, seed=2)])
    head.skip()
    later = scores(head, [*noise(10, seed=4), 400.0], first=5_000)
    assert max(later) < 0.2
    signals = Channels()
    for at in range(30):
        signals.push(float(at), at * HOP)
    signals.skip()
    found = dict(zip(CHANNELS, signals.push(7.0, 99 * HOP), strict=True))
    assert found["median_11"] is found["median_25"] is found["minimum_11"] is None


@given(st.lists(st.integers(-50, 50).map(float), max_size=60))
def test_the_running_median_is_the_median_of_the_last_values(values: list[float]) -> None:
    running = RunningMedian(11)
    for at, value in enumerate(values):
        found = running.push(value, values[at - 11] if at >= 11 else None)
        assert found == (median(values[at - 10 : at + 1]) if at >= 10 else None)


def test_what_is_no_number_is_not_learnt() -> None:
    head, other = Novelty(), Novelty()
    scores(head, noise(100))
    scores(other, noise(100))
    assert scores(head, [math.nan, math.inf, -math.inf, 1e200]) == [0.0] * 4
    assert head.state() == other.state()


def test_an_unknown_week_costs_no_state() -> None:
    head = Novelty()
    scores(head, noise(3_000))  # eight hours and a third of hops
    assert len(head.state()) < 100
