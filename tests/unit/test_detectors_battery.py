"""What every registered head must do, the built-in ones and those of installed packages alike."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.errors import Fatal
from telemetra.kinds.base import Series
from telemetra.kinds.registry import load_registry
from telemetra.model.window import HOP, MINUTE
from telemetra.moments import heads as registry
from telemetra.moments.base import Detector
from telemetra.moments.heads import BUILT_IN, Build, build_novelty, load_heads
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors
from tests.support.observations import INFO, KIND, ORIGIN, hop, latest, run

MOST_NUMBERS = 500
HEADS = load_heads()
SERIES = [series for kind in load_registry("USD").kinds.values() for series in kind.series]

every_head = pytest.mark.parametrize("build", HEADS.values(), ids=HEADS)
kinds_of_series = st.sampled_from(SERIES)
sensible = st.floats(-1e12, 1e12)
anything = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324])


def scores(head: Detector, values: Sequence[float], first: int = 0) -> list[float]:
    return [head.observe(value, ORIGIN + (first + at) * HOP) for at, value in enumerate(values)]


@every_head
@given(kinds_of_series, st.lists(sensible, max_size=80), st.lists(sensible, max_size=40), st.integers(0, 80))
@settings(max_examples=30)
def test_a_restored_head_goes_on_exactly(
    build: Build, series: Series, before: list[float], after: list[float], gap: int
) -> None:
    whole, again = build(series), build(series)
    scores(whole, before[:gap])
    whole.skip()
    scores(whole, before[gap:], gap)
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(whole.state()), type=list[float])
    again.restore(stored)
    assert again.state() == whole.state()
    assert scores(again, after, len(before)) == scores(whole, after, len(before))


@every_head
@given(kinds_of_series, st.lists(sensible, max_size=80), st.integers(0, 80))
@settings(max_examples=30)
def test_what_follows_does_not_change_a_score_and_the_same_input_has_the_same_scores(
    build: Build, series: Series, values: list[float], cut: int
) -> None:
    assert scores(build(series), values)[:cut] == scores(build(series), values[:cut])


@every_head
@given(kinds_of_series, st.lists(anything, max_size=60), st.lists(sensible, min_size=30, max_size=40))
@settings(max_examples=60)
def test_no_value_makes_a_score_or_the_state_anything_but_numbers(
    build: Build, series: Series, wild: list[float], tame: list[float]
) -> None:
    head = build(series)
    assert all(0 <= score <= 1 for score in scores(head, wild) + scores(head, tame, len(wild)))
    assert all(math.isfinite(number) for number in head.state())


@every_head
@pytest.mark.parametrize("constant", [0.0, 1.0, -3.5, 1e9])
def test_a_series_that_never_changes_is_never_unusual(build: Build, constant: float) -> None:
    for series in SERIES:
        assert set(scores(build(series), [constant] * 1_000)) == {0.0}


@every_head
def test_the_state_is_a_copy(build: Build) -> None:
    head = build(SERIES[0])
    scores(head, list(range(100)))
    state = head.state()
    before = state.copy()
    again = build(SERIES[0])
    again.restore(state)
    scores(head, [5.0, 900.0, 3.0] * 30)
    scores(again, [7.0, 8.0] * 30)
    assert state == before


@every_head
def test_five_weeks_of_a_series_fit_into_the_state(build: Build) -> None:
    rng = random.Random(2)
    for series in SERIES:
        head = build(series)
        for at in range(5 * 7 * 24 * 4):
            head.observe(rng.gauss(100.0, 20.0), ORIGIN + at * 15 * MINUTE)
        assert len(head.state()) <= MOST_NUMBERS


@every_head
def test_a_leap_to_ten_times_the_usual_is_unusual_after_an_hour(build: Build) -> None:
    rng = random.Random(5)
    for series in SERIES:
        head = build(series)
        usual = scores(head, [rng.gauss(1_000.0, 30.0) for _ in range(360)])
        leap = head.observe(10_000.0, ORIGIN + 360 * HOP)
        assert leap > max(usual[180:])
        assert leap > 0.5


class Loudest:
    """A head as a third party might write it: how much louder than ever."""

    def __init__(self) -> None:
        self._loudest = 0.0

    def observe(self, value: float, time: int) -> float:
        louder, self._loudest = value > self._loudest, max(value, self._loudest)
        return 0.9 if louder else 0.0

    def skip(self) -> None: ...

    def state(self) -> list[float]:
        return [self._loudest]

    def restore(self, state: list[float]) -> None:
        (self._loudest,) = state


def build_loudest(series: Series) -> Loudest:
    return Loudest()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The entry points that the registry finds; what it found before is forgotten, and after the test again."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: [point for point in points if point.group == group])
    registry.installed_heads.cache_clear()
    yield points
    registry.installed_heads.cache_clear()


def test_an_installed_head_watches_every_series(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("loudest", f"{__name__}:build_loudest", registry.ENTRY_POINT_GROUP))
    heads = load_heads()
    assert list(heads) == [*BUILT_IN, "loudest"]
    chat = [10 + at % 3 + (60 if 100 <= at < 106 else 0) for at in range(160)]
    hops = [hop(number, chat=count) for number, count in enumerate(chat)]
    told = run(hops, MomentDetectors(KIND, "default", "a-channel", MomentSettings()))
    (moment,) = latest(told)
    detector = moment.metadata["detector"]
    assert detector["head"] == "burst"
    assert list(detector["scores"]) == ["burst", "novelty", "loudest"]
    assert detector["scores"]["loudest"] == 0.9
    without = latest(run(hops, MomentDetectors(KIND, "default", "a-channel", MomentSettings(), BUILT_IN)))
    assert [(each.moment_id, each.severity, each.ended_at) for each in without] == [
        (moment.moment_id, moment.severity, moment.ended_at)
    ]


def test_a_head_opens_moments_when_the_settings_say_so(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("loudest", f"{__name__}:build_loudest", registry.ENTRY_POINT_GROUP))
    # Twelve of sixty hops are a little louder than ever: no burst.
    hops = [hop(number, chat=12 + number // 20) for number in range(200)]
    settings = MomentSettings(opening_heads=("burst", "loudest"))
    assert run(hops) == []
    moments = latest(run(hops, MomentDetectors(KIND, "default", "a-channel", settings)))
    assert moments
    assert {moment.metadata["detector"]["head"] for moment in moments} == {"loudest"}
    # Where it is no longer installed, nobody speaks for it.
    assert run(hops, MomentDetectors(KIND, "default", "a-channel", settings, BUILT_IN)) == []


def test_no_head_speaks_before_the_baseline_is_known(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("loudest", f"{__name__}:build_loudest", registry.ENTRY_POINT_GROUP))
    watch = MomentDetectors(KIND, "default", "a", MomentSettings(opening_heads=("loudest",)), load_heads())
    assert [moment for number in range(29) for moment in watch.observe(hop(number, chat=20 + number), INFO)] == []


def test_a_second_head_of_the_same_name_is_refused(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("novelty", "somebody.novelty:build", registry.ENTRY_POINT_GROUP))
    with pytest.raises(Fatal, match="'novelty'"):
        load_heads()


def test_the_novelty_head_is_built_for_any_series() -> None:
    assert build_novelty(SERIES[0]).state() == build_novelty(SERIES[-1]).state()
