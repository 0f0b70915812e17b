"""The burst head: baseline, z-scores, cold start, state."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.model.window import HOP
from telemetra.moments.baseline import CAPACITY, CountBaseline, GaugeBaseline, weighted_median
from telemetra.moments.burst import Burst
from telemetra.moments.scale import score_of, z_of

VALUES = st.lists(st.integers(0, 100_000).map(float), min_size=1, max_size=CAPACITY)


def head_of(spread: float, *, count: bool = True) -> Burst:
    return Burst(CountBaseline(spread) if count else GaugeBaseline(spread))


def feed(head: Burst, values: list[float]) -> list[float | None]:
    zs = []
    for number, value in enumerate(values):
        head.observe(value, (number + 1) * HOP)
        zs.append(head.z)
    return zs


@given(VALUES)
def test_the_weighted_median_lies_where_half_of_the_weight_is_below(values: list[float]) -> None:
    weights = [0.5 ** ((len(values) - 1 - at) / 40) for at in range(len(values))]
    middle = weighted_median(values)
    total = sum(weights)
    assert sum(w for v, w in zip(values, weights, strict=True) if v < middle) <= total / 2 * (1 + 1e-9)
    assert sum(w for v, w in zip(values, weights, strict=True) if v > middle) <= total / 2 * (1 + 1e-9)


def test_recent_values_count_more_than_old_ones() -> None:
    values = [10.0] * 30 + [20.0] * 29
    assert median(values) == 10.0
    assert weighted_median(values) == 20.0


@pytest.mark.parametrize("level", [0.0, 1.0, 9.0, 400.0])
def test_a_counts_scale_is_at_least_that_of_poisson_noise(level: float) -> None:
    baseline = CountBaseline(spread=0.0)
    for _ in range(CAPACITY):
        baseline.learn(level)
    assert baseline.level == level
    assert baseline.scale == max(1.0, level**0.5)


@pytest.mark.parametrize("count", [True, False])
def test_nothing_is_said_before_five_minutes(count: bool) -> None:
    # The first window ends with the sixth hop; with the thirtieth, five minutes are known.
    zs = feed(head_of(0.3, count=count), [50.0] * 60)
    assert zs.index(0.0) == 24
    assert all(z is None for z in zs[:24])


def test_the_current_window_is_not_in_its_baseline() -> None:
    # A z-score over a baseline that held the value itself could not pass 3.16 for 11 values, whatever the value.
    head = head_of(0.3)
    zs = feed(head, [60.0] * 60 + [60_000.0])
    assert zs[-1] is not None
    assert zs[-1] > 1_000
    before = (head.level, head.scale)
    # The five windows that overlap it do not meet it in the baseline either.
    for _ in range(5):
        head.observe(60_000.0, 0)
        assert (head.level, head.scale) == before


def test_bursts_do_not_move_what_is_usual() -> None:
    rng = random.Random(4)
    head = head_of(0.3)
    feed(head, [60.0 + rng.randrange(-6, 7) + (600.0 if at % 60 < 9 else 0.0) for at in range(720)])
    assert 54 <= head.level <= 66


def test_a_fall_has_a_negative_z() -> None:
    zs = feed(head_of(0.1), [400.0] * 200 + [100.0])
    assert zs[-1] is not None
    assert zs[-1] < -4


def test_a_steady_growth_of_a_gauge_is_no_burst_and_a_leap_is_one() -> None:
    growing = [1_000.0 * 1.02 ** (at / 6) for at in range(360)]
    head = head_of(0.15, count=False)
    assert max(z or 0.0 for z in feed(head, growing)) < 4
    head.observe(growing[-1] * 1.6, 0)
    assert head.z is not None
    assert head.z > 4


@settings(max_examples=50)
@given(
    st.booleans(),
    st.lists(st.integers(0, 10_000).map(float), min_size=1, max_size=150),
    st.integers(0, 150),
)
def test_the_restored_head_goes_on_exactly(count: bool, values: list[float], cut: int) -> None:
    whole = head_of(0.3, count=count)
    first, second = head_of(0.3, count=count), head_of(0.3, count=count)
    zs = feed(whole, values)
    head = feed(first, values[:cut])
    second.restore(first.state())
    assert head + feed(second, values[cut:]) == zs
    assert len(whole.state()) <= 500


@given(st.floats(0, 1_000))
def test_scores_and_z_are_the_same_scale(z: float) -> None:
    assert 0 <= score_of(z) < 1
    assert score_of(-z) == score_of(z)
    assert z_of(score_of(z)) == pytest.approx(z, abs=1e-6)
