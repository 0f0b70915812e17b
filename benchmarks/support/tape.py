"""What detection was shown of streams, recorded once, so that many variants of it can be judged by the same hops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.support.planted import Found
from telemetra.engine.engine import Engine, EngineSettings
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, StreamKey, in_runs
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import SECOND, Observation
from telemetra.moments.base import StreamDetectors
from telemetra.moments.settings import MomentSettings

READ_ITEMS = 2_000
WATERMARK_LAG = 10 * SECOND

Change = Callable[[Observation], Observation]
Make = Callable[[StreamKey], StreamDetectors]


@dataclass
class Tape:
    """The hops of one stream, in order. Stands where the engine expects detectors, and finds nothing."""

    key: StreamKey
    hops: list[tuple[Observation, StreamInfo]] = field(default_factory=list)
    z_score: None = None
    baseline: None = None

    def observe(self, observation: Observation, info: StreamInfo) -> list[Moment]:
        self.hops.append((observation, msgspec.structs.replace(info)))
        return []

    def skip(self, to: int) -> list[Moment]:
        """Before its first hop a stream has a gap without an end, and no stream of the benchmarks has another."""
        assert not self.hops
        return []

    def close(self) -> list[Moment]:
        return []

    def configure(self, settings: MomentSettings) -> None: ...

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None: ...


def record(registry: Registry, events: Iterable[Event]) -> list[Tape]:
    """The hops of all streams among `events`, as the real engine shows them to detection."""
    tapes: list[Tape] = []

    def make(kind: Kind, workspace_id: str, stream_id: str) -> Tape:
        tapes.append(Tape((workspace_id, stream_id)))
        return tapes[-1]

    engine = Engine(registry, make, EngineSettings(), 0)
    batch: list[Event] = []
    offset = 0

    def take() -> None:
        nonlocal offset
        engine.process(offset, in_runs(batch), 0.0, {}, {})
        engine.take_effects()
        offset += len(batch)
        batch.clear()

    for event in events:
        batch.append(event)
        if len(batch) == READ_ITEMS:
            take()
    take()
    return tapes


def play(tapes: Sequence[Tape], make: Make, change: Change) -> list[Found]:
    """The last version of every moment that the detectors of `make` find in the tapes, each hop as `change` leaves it.

    A moment is told when the watermark has reached the end of its hop, ten seconds after it.
    """
    found = []
    for tape in tapes:
        detectors = make(tape.key)
        told: dict[Any, int] = {}
        latest: dict[Any, Moment] = {}
        for observation, info in tape.hops:
            for moment in detectors.observe(change(observation), info):
                told.setdefault(moment.moment_id, observation.end + WATERMARK_LAG)
                latest[moment.moment_id] = moment
        found += [Found(moment, told[moment.moment_id]) for moment in latest.values()]
    return found
