"""Moments on noise and on captured chats: one configuration for all."""

from __future__ import annotations

import random

import pytest

from telemetra.model.window import HOP, MINUTE
from telemetra.moments.settings import MomentSettings
from telemetra.sources.simulation.chance import poisson
from tests.support.observations import ORIGIN, detectors, hop, latest, lirik_hops, run, vod_hops, window_counts
from tests.support.shared import shared_data

HOURS = 8
SEEDS = 4


@pytest.mark.parametrize("messages_per_second", [0.5, 2, 7])
def test_poisson_noise_raises_at_most_half_an_alarm_an_hour(messages_per_second: float) -> None:
    alarms = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        chat = [poisson(rng, messages_per_second * 10) for _ in range(HOURS * 360)]
        alarms += len(latest(run(hop(number, chat=count) for number, count in enumerate(chat))))
    assert alarms <= 0.5 * HOURS * SEEDS


@pytest.mark.parametrize("messages_per_second", [0.5, 2, 7])
def test_twice_the_usual_for_a_minute_is_found_on_noise(messages_per_second: float) -> None:
    """Recall of planted bursts of 2.5 times the rate (twice is 60 messages a minute at 0.5/s: too few to matter)."""
    found = planted = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        starts = range(90, 700, 60)
        loud = {number for start in starts for number in range(start, start + 6)}
        factor = 2.5 if messages_per_second < 1 else 2
        rates = [messages_per_second * 10 * (factor if number in loud else 1) for number in range(720)]
        moments = latest(run(hop(number, chat=poisson(rng, rate)) for number, rate in enumerate(rates)))
        onsets = [(moment.timestamp - ORIGIN) // HOP for moment in moments]
        planted += len(starts)
        found += sum(any(abs(onset - start) <= 5 for onset in onsets) for start in starts)
    assert found >= 0.8 * planted


def test_the_largest_peaks_of_a_busy_stream_are_moments() -> None:
    hops = lirik_hops(shared_data("chat", "lirik-2015.csv"))
    moments = latest(run(hops))
    counts = window_counts(hops)
    peaks: list[int] = []
    for at in sorted(range(len(counts)), key=counts.__getitem__, reverse=True):
        if all(abs(at - other) > 18 for other in peaks):
            peaks.append(at)
        if len(peaks) == 10:
            break
    for at in peaks:
        end = hops[at].end
        inside = [moment for moment in moments if moment.timestamp < end <= (moment.ended_at or 0) + MINUTE]
        assert inside, f"the peak of {counts[at]} messages at hop {at} is no moment"
        assert inside[0].metric_value >= counts[at]
        assert inside[0].metadata["top_messages"]
    hours = len(hops) / 360
    assert len(moments) <= 4 * hours
    assert all(moment.ended_at is not None for moment in moments)


def test_a_quiet_stream_raises_nothing() -> None:
    assert run(vod_hops(shared_data("chat", "vod", "csharpfritz-2019.json"))) == []


def test_a_lively_stream_raises_a_few() -> None:
    hops = vod_hops(shared_data("chat", "vod", "northernlion-2021.json"))
    moments = latest(run(hops))
    assert 1 <= len(moments) <= 5
    assert max(moment.metric_value for moment in moments) >= 0.95 * max(window_counts(hops))


def test_settings_of_a_stream_change_what_is_an_alarm() -> None:
    hops = vod_hops(shared_data("chat", "vod", "northernlion-2021.json"))
    strict = latest(run(hops, detectors(MomentSettings(open_score=0.9))))
    assert len(strict) < len(latest(run(hops)))
