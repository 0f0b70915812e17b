"""The scorer of the Numenta Anomaly Benchmark: by hand, and against what is published of the shared part."""

from __future__ import annotations

from math import exp

import pytest

from benchmarks.nab import contenders
from benchmarks.nab.bootstrap import difference
from benchmarks.nab.corpus import PROFILES, Profile, Record, load, profiles, published, published_by_series
from benchmarks.nab.corpus import published_raw as raw_scores
from benchmarks.nab.scorer import NOTHING, Scorer, normalised, weights
from telemetra.model.window import MINUTE
from tests.support.shared import shared_data

STANDARD = Profile("standard", false_alarm=0.11, miss=1.0)
ALL_WINDOWS = 116
"""Of the whole benchmark, of which 69 are shared."""


def record(length: int, *windows: tuple[int, int], name: str = "a/b") -> Record:
    return Record(name, [at * MINUTE for at in range(length)], [0.0] * length, list(windows))


def alarms(length: int, *rows: int) -> list[float]:
    return [float(row in rows) for row in range(length)]


def sigmoid(position: float) -> float:
    return 2 / (1 + exp(5 * position)) - 1


def test_the_first_row_of_a_window_is_worth_1_and_later_ones_less() -> None:
    inside = [weight for weight, window in weights(record(100, (50, 59))) if window == 0]
    assert len(inside) == 10
    assert inside[0] == 1.0
    assert inside == sorted(inside, reverse=True)
    assert inside[5] == pytest.approx(sigmoid(-0.5) / sigmoid(-1))
    assert inside[-1] == pytest.approx(sigmoid(-0.1) / sigmoid(-1))


def test_a_false_alarm_costs_less_close_behind_a_window_and_all_before_the_first_one() -> None:
    rows = weights(record(200, (50, 60)))
    assert {weight for weight, _ in rows[:50]} == {-1.0}
    assert rows[61][0] == pytest.approx(sigmoid(0.1))
    assert rows[70] == (pytest.approx(sigmoid(1.0)), None)
    assert {weight for weight, _ in rows[91:]} == {-1.0}


@pytest.mark.parametrize(("rows", "raw"), [((), -2), ((50,), 0), ((50, 51, 80), 2), ((20,), -2.11), ((5,), -2)])
def test_the_sum_of_a_series(rows: tuple[int, ...], raw: float) -> None:
    """Nothing, one window, both and a repeat, a false alarm, an alarm in probation."""
    scorer = Scorer([record(100, (50, 59), (80, 89))])
    assert scorer.at([alarms(100, *rows)], STANDARD, 0.5).raw == [pytest.approx(raw)]


def test_the_best_threshold_is_found() -> None:
    scores = alarms(100)
    for row, score in ((20, 0.6), (50, 0.9), (80, 0.7), (30, 0.2)):
        scores[row] = score
    scorer = Scorer([record(100, (50, 59), (80, 89)), record(100, name="a/quiet")])
    result = scorer.best([scores, alarms(100)], STANDARD)
    assert (result.threshold, result.score, result.raw) == (0.7, 100.0, [2.0, 0.0])


def test_where_every_alarm_costs_more_than_it_brings_there_is_none() -> None:
    result = Scorer([record(100, (50, 59))]).best([alarms(100, *range(20, 50))], STANDARD)
    assert (result.threshold, result.score) == (NOTHING, 0.0)


def test_a_difference_that_one_series_makes_is_not_sure_and_one_that_all_make_is() -> None:
    windows = [record(100, (50, 59), name=f"a/{number}") for number in range(20)]
    scorer = Scorer(windows)
    all_found = scorer.at([alarms(100, 50)] * 20, STANDARD, 0.5)
    one_missed = scorer.at([alarms(100, 50)] * 19 + [alarms(100)], STANDARD, 0.5)
    none_found = scorer.at([alarms(100)] * 20, STANDARD, 0.5)
    assert difference(all_found, one_missed).low == 0.0 < difference(all_found, one_missed).high
    clear = difference(all_found, none_found)
    assert (clear.low, clear.mean, clear.high) == (100.0, 100.0, 100.0)


def test_normalised_as_the_published_figures_are() -> None:
    """For the detectors of which the shared data has the raw sums that belong to the published scores."""
    folder = shared_data("anomaly", "nab")
    raw, final = raw_scores(folder), published(folder)
    agreeing = [
        detector
        for detector in raw.keys() & final.keys()
        if all(
            normalised(raw[detector][number], ALL_WINDOWS, profile) == pytest.approx(final[detector][number], abs=1e-6)
            for number, profile in enumerate(profiles(folder))
        )
    ]
    assert {"ARTime", "contextOSE", "earthgeckoSkyline", "null", "numenta"} <= set(agreeing)


def test_the_null_and_the_perfect_detector() -> None:
    folder = shared_data("anomaly", "nab")
    records = load(folder)
    assert (len(records), sum(len(each.windows) for each in records)) == (38, 69)
    scorer = Scorer(records)
    perfect = [alarms(len(each.values), *(first for first, _ in each.windows)) for each in records]
    for profile in profiles(folder):
        assert scorer.best(perfect, profile).score == pytest.approx(100.0)
        nothing = scorer.best([alarms(len(each.values)) for each in records], profile)
        assert nothing.score == 0.0
        assert sum(nothing.raw) == -69 * profile.miss
    assert [profile.name for profile in profiles(folder)] == list(PROFILES)


def test_every_shared_series_has_the_published_score_of_the_windowed_gaussian() -> None:
    folder = shared_data("anomaly", "nab")
    records, stated = load(folder), published_by_series()
    assert {each.name for each in records} == stated.keys()
    scores = contenders.run(contenders.windowed_gaussian, records, cold=False)
    result = Scorer(records).at(scores, profiles(folder)[0], 1.0)
    for each, raw, values in zip(records, result.raw, scores, strict=True):
        expected = stated[each.name]
        rows = list(zip(weights(each), values, strict=True))[each.probation :]
        inside = [value >= 1.0 for (_, window), value in rows if window is not None]
        outside = [value >= 1.0 for (_, window), value in rows if window is None]
        counts = (sum(inside), outside.count(False), sum(outside), inside.count(False))
        assert counts == (expected.tp, expected.tn, expected.fp, expected.fn), each.name
        assert raw == pytest.approx(expected.score, abs=1e-9), each.name
