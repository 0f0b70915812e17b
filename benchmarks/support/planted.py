"""The simulated channels through the real engine, and the moments found beside the truth."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec

from telemetra.engine.engine import Engine, EngineSettings
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import load_registry
from telemetra.model.event import Event, in_runs
from telemetra.model.moment import Moment
from telemetra.model.times import to_microseconds
from telemetra.model.window import MINUTE, SECOND
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors
from telemetra.sources.simulate import Simulation
from telemetra.sources.simulation.plants import CROWDS

ORIGIN = 1_700_000_040 * SECOND
READ_ITEMS = 50
TOLERANCE = 30 * SECOND
HISTORY = 9 * MINUTE
"""Nothing is planted earlier; what is planted in the last minutes is not judged."""

UNJUDGED_END = 6 * MINUTE

_registry = load_registry("USD")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Found:
    """A moment with when it was first told (event time of the watermark: the end of its hop)."""

    moment: Moment
    told_at: int

    @property
    def cause(self) -> str:
        return str(self.moment.metadata["cause"])

    def __str__(self) -> str:
        at = (self.moment.timestamp - ORIGIN) // SECOND
        return f"{self.moment.stream_id} {at // 3600}:{at // 60 % 60:02}:{at % 60:02} {self.moment.moment_type}"


@dataclass(frozen=True)
class Planted:
    """One planted moment of one type, with what was found of it (first the one that was told first)."""

    kind: str
    moment_type: str
    strength: float
    onset: int
    found: tuple[Found, ...]


@dataclass
class Row:
    """All plants of one kind and moment type."""

    planted: int = 0
    found: int = 0
    right: int = 0
    repeated: int = 0
    delays: list[float] = field(default_factory=list)
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def cause_right(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def delay(self) -> float:
        return statistics.median(self.delays) if self.delays else 0.0

    def __str__(self) -> str:
        return (
            f"{self.found}/{self.planted} recall {self.recall:.3f}, cause {self.cause_right:.3f}, "
            f"delay {self.delay:.0f} s, told twice {self.repeated}, {self.causes}"
        )


CAUSES = {"mood": "sentiment", "gifts": "unknown", "slump": "unknown"}
"""What is right where the cause has not the name of the plant: nothing in a chat says why somebody gives, or leaves."""


@dataclass
class Outcome:
    """What was planted and found, and the moments that belong to nothing."""

    planted: list[Planted] = field(default_factory=list)
    false: list[Found] = field(default_factory=list)
    matched: int = 0
    stream_hours: float = 0.0
    quiet: int = 0
    lulls: int = 0
    lulls_raised: int = 0

    @property
    def precision(self) -> float:
        return self.matched / (self.matched + len(self.false))

    def by_kind(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for plant in self.planted:
            row = rows.setdefault(f"{plant.kind}, {plant.moment_type}", Row())
            self._count(row, plant)
        return rows

    def by_strength(self, edges: tuple[float, ...]) -> dict[tuple[float, float], Row]:
        """Crowds as chat spikes, by strength, edges included."""
        crowds = [plant for plant in self.planted if plant.kind in CROWDS and plant.moment_type == "chat_spike"]
        rows = {}
        for low, high in pairwise(edges):
            rows[low, high] = row = Row()
            for plant in crowds:
                if low <= plant.strength <= high:
                    self._count(row, plant)
        return rows

    @staticmethod
    def _count(row: Row, plant: Planted) -> None:
        row.planted += 1
        if not plant.found:
            return
        first = plant.found[0]
        row.found += 1
        row.repeated += len(plant.found) - 1
        row.right += first.cause == CAUSES.get(plant.kind, plant.kind)
        row.delays.append((first.told_at - plant.onset) / SECOND)
        row.causes[first.cause] = row.causes.get(first.cause, 0) + 1


def evaluate(seeds: Iterable[int], hours: float, *, announced: bool = True) -> Outcome:
    """Run every seed; without `announced` the channels do not tell of their raids."""
    outcome = Outcome()
    end = ORIGIN + round(hours * 60) * MINUTE
    for seed in seeds:
        simulation = Simulation(seed, ORIGIN)
        found = run(simulated(simulation, end, announced=announced))
        judge(outcome, found, simulation.truth(ORIGIN, end), end)
    return outcome


def judge(outcome: Outcome, found: list[Found], truth: list[dict[str, Any]], end: int) -> None:
    """Add one run. A moment belongs to a plant that ought to raise its type and while which it began."""
    streams = {plant["stream_id"] for plant in truth}
    belonging = set()
    for plant in truth:
        onset, over = _time(plant["onset"]), _time(plant["end"])
        here = [
            one
            for one in found
            if one.moment.stream_id == plant["stream_id"]
            and onset - TOLERANCE <= one.moment.timestamp <= over + TOLERANCE
        ]
        if not plant["moment_types"]:
            outcome.lulls += 1
            outcome.lulls_raised += bool(here)
        for moment_type in plant["moment_types"]:
            matching = sorted(
                (one for one in here if one.moment.moment_type == moment_type), key=lambda one: one.told_at
            )
            belonging.update(one.moment.moment_id for one in matching)
            if onset < end - UNJUDGED_END:
                outcome.planted.append(Planted(plant["type"], moment_type, plant["strength"], onset, tuple(matching)))
    outcome.matched += len(belonging)
    outcome.false += [one for one in found if one.moment.moment_id not in belonging]
    outcome.quiet += sum(1 for one in found if one.moment.stream_id not in streams)
    outcome.stream_hours += (len(streams) + 1) * (end - ORIGIN) / (60 * MINUTE)


def run(events: Iterable[Event]) -> list[Found]:
    """The last version of every moment, by the real engine in reads of `READ_ITEMS`."""
    engine = Engine(_registry, _detectors, EngineSettings(), 0)
    told: dict[Any, int] = {}
    latest: dict[Any, Moment] = {}
    offset = 0
    batch: list[Event] = []

    def take() -> None:
        nonlocal offset
        engine.process(offset, in_runs(batch), 0.0, {}, {})
        offset += len(batch)
        for moment in engine.take_effects().moments:
            told.setdefault(moment.moment_id, batch[-1].timestamp)
            latest[moment.moment_id] = moment
        batch.clear()

    for event in events:
        batch.append(event)
        if len(batch) == READ_ITEMS:
            take()
    take()
    return [Found(moment, told[moment.moment_id]) for moment in latest.values()]


def _detectors(kind: Kind, workspace_id: str, stream_id: str) -> MomentDetectors:
    return MomentDetectors(kind, workspace_id, stream_id, MomentSettings())


def simulated(simulation: Simulation, end: int, *, announced: bool = True) -> Iterator[Event]:
    """The events of all channels from `ORIGIN` to `end`; without `announced`, raids are not told of."""
    for event in simulation.events(ORIGIN, end):
        if not announced and "raid" in event["data"]:
            continue
        timestamp = _time(event["timestamp"])
        yield Event(
            event["event_id"],
            event["type"],
            "default",
            event["stream_id"],
            event["source"],
            timestamp,
            timestamp + SECOND,
            _encode(event["data"]),
        )


def _time(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text))
