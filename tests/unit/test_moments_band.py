"""The band of what is usual: a moment begins where the band ends, for every form of series."""

from __future__ import annotations

import dataclasses
import random

import pytest

from telemetra.kinds.base import Series
from telemetra.moments.band import band_of
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors
from telemetra.sources.simulation.chance import poisson
from tests.support.observations import INFO, KIND, detectors, hop

CHAT = next(series for series in KIND.series if series.name == "chat")
MOOD = next(series for series in KIND.series if series.name == "sentiment")
PRICE = Series("price", "price", False, lambda values: None, up="price_spike", down="price_drop", step=0.0)


def test_the_band_of_a_count_holds_what_is_no_moment() -> None:
    band = band_of(CHAT, level=120.0, distance=100.0)
    assert (band.level, band.high) == (120.0, 220.0)
    assert band.low == pytest.approx(20.0)
    assert band_of(CHAT, level=120.0, distance=10.0).low == pytest.approx(25.0)  # 25 + 3 * 5 is a third of 120
    assert band_of(CHAT, level=30.0, distance=10.0).high == CHAT.least
    assert band_of(CHAT, level=30.0, distance=10.0).low == 0.0
    assert band_of(CHAT, level=120.0, distance=500.0).low == 0.0


def test_the_band_of_a_mean_is_at_least_the_least_change() -> None:
    assert band_of(MOOD, level=0.1, distance=0.05).high == pytest.approx(0.1 + MOOD.least)
    assert band_of(MOOD, level=0.1, distance=0.5).low == pytest.approx(-0.4)


def test_a_price_has_a_band_whatever_its_unit() -> None:
    band = band_of(PRICE, level=0.000012345, distance=0.000002)
    assert (band.low, band.level, band.high) == (0.000010345, 0.000012345, 0.000014345)


def test_a_moment_opens_where_the_band_ends() -> None:
    """A rise to just below `high` is none, and one to just above it is."""
    plain = dataclasses.replace(KIND, series=tuple(dataclasses.replace(each, explained=1.0) for each in KIND.series))
    for above in (False, True):
        watch = MomentDetectors(plain, "default", "a-channel", MomentSettings())
        rng = random.Random(4)
        for number in range(120):
            assert watch.observe(hop(number, chat=poisson(rng, 20)), INFO) == []
        band = watch.baseline
        assert band is not None
        counts = [20] * 5 + [int(band.high) + (2 if above else -2) - 5 * 20]
        moments = [found for at, count in enumerate(counts) for found in watch.observe(hop(120 + at, chat=count), INFO)]
        assert bool(moments) is above


def test_nothing_is_usual_before_five_minutes_and_after_a_gap() -> None:
    watch = detectors()
    known = []
    for number in range(40):
        watch.observe(hop(number, chat=20), INFO)
        known.append(watch.baseline is not None)
    assert known == [False] * 29 + [True] * 11
    watch.skip(10**15)
    assert watch.baseline is None


@pytest.mark.parametrize("primary", ["chat", "sentiment"])
def test_a_restart_knows_the_same_band(primary: str) -> None:
    kind = dataclasses.replace(KIND, primary=primary)
    watch, copy = (MomentDetectors(kind, "default", "a-channel", MomentSettings()) for _ in range(2))
    for number in range(60):
        watch.observe(hop(number, messages=["good", "bad", "so", "ok"] * (2 + number % 3)), INFO)
    copy.restore(watch.state())
    assert watch.baseline is not None
    assert copy.baseline == watch.baseline
