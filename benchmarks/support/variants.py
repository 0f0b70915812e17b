"""Detection with one of its parts taken away or put in place of another, for the ablations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from statistics import fmean, pstdev
from types import MappingProxyType
from typing import Any

import msgspec

from benchmarks.support.tape import Change
from telemetra.kinds.base import Kind, Series
from telemetra.model.event import StreamKey
from telemetra.model.window import Observation
from telemetra.moments.baseline import CountBaseline, baseline_of
from telemetra.moments.burst import Burst
from telemetra.moments.heads import BUILT_IN, Heads
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors


def unchanged(observation: Observation) -> Observation:
    return observation


@dataclass(frozen=True)
class Variant:
    """`series`: what every series declares otherwise. `change`: what detection is shown of a hop."""

    settings: MomentSettings = field(default_factory=MomentSettings)
    heads: Heads = field(default_factory=lambda: BUILT_IN)
    series: Mapping[str, Any] = field(default_factory=dict)
    change: Change = unchanged
    compared: bool = True

    def detectors(self, kind: Kind, key: StreamKey) -> MomentDetectors:
        changed = replace(kind, series=tuple(replace(series, **self.series) for series in kind.series))
        if not self.compared:
            changed = replace(changed, compared=())
        return MomentDetectors(changed, *key, self.settings, self.heads)


class _Moments(CountBaseline):
    """Mean and standard deviation where the product has medians; the rest as there."""

    __slots__ = ()

    def _summarise(self) -> None:
        self.level = fmean(self._values)
        noise = self._step * max(self.level, self._step)
        self.scale = sqrt(max(pstdev(self._values) ** 2, noise))


def _on_mean_and_deviation(series: Series) -> Burst:
    return Burst(_Moments(series.spread, series.step)) if series.count else _as_built(series)


def _without_expected_spread(series: Series) -> Burst:
    """What little history says is believed."""
    return Burst(CountBaseline(0.0, series.step)) if series.count else _as_built(series)


def _as_built(series: Series) -> Burst:
    burst = Burst(baseline_of(series))
    if series.weight is not None:
        burst.noise = series.spread / sqrt(series.least_weight)  # only the product's own head is told of each window
    return burst


def _opened_by(name: str, build: Callable[[Series], Burst]) -> Variant:
    heads = MappingProxyType({**BUILT_IN, name: build})
    return Variant(heads=heads, settings=MomentSettings(opening_heads=(name,)))


def _without_facts(*names: str) -> Change:
    def change(observation: Observation) -> Observation:
        kept = {name: fact for name, fact in observation.facts.items() if name not in names}
        return msgspec.structs.replace(observation, facts=kept)

    return change


def _without_evidence(*names: str, facts: tuple[str, ...] = ()) -> Change:
    without = _without_facts(*facts)

    def change(observation: Observation) -> Observation:
        kept = {name: pairs for name, pairs in observation.evidence.items() if name not in names}
        return msgspec.structs.replace(without(observation), evidence=kept)

    return change


def _without_newcomers(observation: Observation) -> Observation:
    return msgspec.structs.replace(observation, participants=[])


def _without_announcements(observation: Observation) -> Observation:
    return msgspec.structs.replace(observation, happenings=[])


def _without_text(observation: Observation) -> Observation:
    counted = ("sentiment_number", "viewers_sum", "viewers_readings")
    kept = {name: fact for name, fact in observation.facts.items() if name in counted}
    return msgspec.structs.replace(observation, evidence={}, facts=kept, participants=[])


def _settings(**values: Any) -> Variant:
    return Variant(settings=MomentSettings(**values))


HEADS: Mapping[str, Variant] = {
    "burst opens (the default)": Variant(),
    "burst on mean and deviation, not medians": _opened_by("plain", _on_mean_and_deviation),
    "burst that believes little history": _opened_by("hasty", _without_expected_spread),
    "novelty opens": _settings(opening_heads=("novelty",)),
    "burst and novelty open": _settings(opening_heads=("burst", "novelty")),
}
FEATURES: Mapping[str, Variant] = {
    "all features (the default)": Variant(),
    "without repeated texts": Variant(change=_without_facts("repeated", "wave")),
    "without who is new": Variant(change=_without_newcomers),
    "without the busiest authors": Variant(change=_without_evidence("voices")),
    "without emotes": Variant(change=_without_evidence("emotes", facts=("emotes_all",))),
    "without phrases": Variant(change=_without_evidence("phrases")),
    "without capitals": Variant(change=_without_facts("shouted")),
    "without emotes, phrases and capitals": Variant(
        change=_without_evidence("emotes", "phrases", facts=("emotes_all", "shouted"))
    ),
    "without the sentiment of the moment": Variant(change=_without_facts("sentiment_sum", "sentiment_squares")),
    "without announcements": Variant(change=_without_announcements),
    "nothing is compared with what is usual": Variant(compared=False),
    "counts alone": Variant(change=_without_text),
}
POLICY: Mapping[str, Variant] = {
    "the whole policy (the default)": Variant(),
    "a clear cause does not help": Variant(series={"explained": 1.0}),
    "no hysteresis": _settings(hold_score=0.5),
    "no merging": _settings(merge_seconds=0),
    "no cooldown": _settings(cooldown_seconds=0),
    "neither merging nor cooldown": _settings(merge_seconds=0, cooldown_seconds=0),
    "moments of any size": Variant(series={"least": 0.0}),
    "falls of any depth": Variant(series={"fall": 1.0}),
    "alarm at three scales": _settings(open_score=9 / 25),
    "alarm at five scales": _settings(open_score=25 / 41),
}
