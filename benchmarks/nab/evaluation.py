"""What the page tells: every contender warm and cold, the differences, the channels, the cost of a value."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.nab import contenders
from benchmarks.nab.bootstrap import Difference, difference
from benchmarks.nab.contenders import SEEDS_Z, Contender, Scores
from benchmarks.nab.corpus import Profile, Record
from benchmarks.nab.scorer import Result, Scorer
from telemetra.moments.heads import BUILT_IN
from telemetra.moments.novelty_channels import CHANNELS
from telemetra.moments.scale import score_of

CONTENDERS: dict[str, Contender] = {
    "novelty": contenders.head("novelty"),
    "burst": contenders.head("burst"),
    "trailing z, 360 values": contenders.trailing_z,
    "the seeds' z of 11 values": contenders.seeds_z,
    "range novelty: the channel `value` alone": contenders.novelty_of(["value"]),
    "an alarm every 400 values": contenders.blind,
    "windowed Gaussian (NAB's own)": contenders.windowed_gaussian,
}
REFERENCE = "novelty"
PARTS: dict[str, Contender] = {
    "novelty": contenders.head("novelty"),
    "burst": contenders.head("burst"),
    "the higher of novelty and burst": contenders.highest("novelty", "burst"),
    "novelty that is as sure with little history": contenders.novelty_without(cold=0),
    "novelty without a least range of slow channels": contenders.novelty_without(least=0.0),
    "novelty that never forgets": contenders.novelty_without(forget=0.0),
    "novelty of the value alone": contenders.novelty_of(["value"]),
}
AS_SHIPPED = "the seeds' z > 3 as shipped"

_TIMED_VALUES = 20_000
_ROUNDS = 5


@dataclass(frozen=True)
class Standing:
    """A contender with a result per profile, warm and cold."""

    name: str
    warm: list[Result]
    cold: list[Result]


@dataclass(frozen=True)
class Cost:
    """Of a built-in head: microseconds a value (median, least and most of the rounds) and numbers of state."""

    head: str
    median: float
    least: float
    most: float
    numbers: int


def standings(records: Sequence[Record], profiles: Sequence[Profile]) -> list[Standing]:
    """The contenders, then the seeds' rule with the threshold that it came with."""
    return [*_standings(CONTENDERS, records, profiles), _as_shipped(Scorer(records), records, profiles)]


def parts_of_novelty(records: Sequence[Record], profiles: Sequence[Profile]) -> list[Standing]:
    """Both heads, and novelty without one part after the other."""
    return _standings(PARTS, records, profiles)


def without_each_channel(records: Sequence[Record], profiles: Sequence[Profile]) -> list[Standing]:
    """Novelty, without one of its channels after the other."""
    without = {name: contenders.novelty_of(each for each in CHANNELS if each != name) for name in CHANNELS}
    return _standings(without, records, profiles)


def _standings(
    named: Mapping[str, Contender], records: Sequence[Record], profiles: Sequence[Profile]
) -> list[Standing]:
    scorer = Scorer(records)
    found = []
    for name, contender in named.items():
        warm, cold = (contenders.run(contender, records, cold=cold) for cold in (False, True))
        found.append(Standing(name, *([scorer.best(scores, each) for each in profiles] for scores in (warm, cold))))
    return found


def differences(reference: Standing, other: Standing) -> list[Difference]:
    """By which the reference is above the other, warm, per profile."""
    return [difference(one, two) for one, two in zip(reference.warm, other.warm, strict=True)]


def costs(record: Record) -> list[Cost]:
    """CPU time on the first values of a series, in interleaved rounds."""
    values, times = record.values[:_TIMED_VALUES], record.times[:_TIMED_VALUES]
    taken: dict[str, list[float]] = {name: [] for name in BUILT_IN}
    numbers = {}
    for _ in range(_ROUNDS):
        for name, build in BUILT_IN.items():
            observe = (head := build(contenders.GAUGE)).observe
            started = time.process_time()
            for value, at in zip(values, times, strict=True):
                observe(value, at)
            taken[name].append((time.process_time() - started) / len(values) * 1e6)
            numbers[name] = len(head.state())
    return [
        Cost(name, statistics.median(rounds), min(rounds), max(rounds), numbers[name]) for name, rounds in taken.items()
    ]


def _as_shipped(scorer: Scorer, records: Sequence[Record], profiles: Sequence[Profile]) -> Standing:
    def at_three(scores: Scores) -> list[Result]:
        return [scorer.at(scores, profile, score_of(SEEDS_Z)) for profile in profiles]

    warm, cold = (contenders.run(contenders.seeds_z, records, cold=cold) for cold in (False, True))
    return Standing(AS_SHIPPED, at_three(warm), at_three(cold))
