"""The archive of a stream through the real engine and detectors, as if it came in once more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from telemetra.engine.engine import Engine, EngineSettings
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import Registry
from telemetra.model.event import Event, in_runs
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import HOP, MINUTE, SECOND, Observation
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors

_LOOK_SECONDS = 0.2
"""How soon a running pipeline sees that a silence was long enough."""


class Replay:
    """Takes events in log order; `moments` holds the last version of each with an onset from `keep_from` on,
    without its evidence.

    What the archive does not tell is taken from the times of arrival: a stream that was silent for as long as
    `idle_close` was closed then, as the pipeline does when it has read everything.
    """

    def __init__(
        self,
        registry: Registry,
        settings: EngineSettings,
        detection: MomentSettings,
        *,
        start: int,
        end: int,
        keep_from: int,
    ) -> None:
        self.moments: dict[UUID, Moment] = {}
        self.events = 0
        self.first: int | None = None
        self._start, self._end, self._keep_from = start, end, keep_from
        self._settings = settings
        self._detection = detection
        self._engine = Engine(registry, self._detectors, settings, 0)
        self._hops = 0
        self._arrived_at = 0

    @property
    def hours(self) -> float:
        """Of the range, as far as the stream was observed."""
        return self._hops * HOP / (3600 * SECOND)

    @property
    def settled(self) -> bool:
        """Whether nothing that comes later can change a moment of the range: it was noticed, and it has ended."""
        observed = min((stream.observed_until for stream in self._engine.streams.values()), default=0)
        return observed >= self._end + MINUTE and all(
            moment.ended_at is not None for moment in self.moments.values() if moment.timestamp < self._end
        )

    def feed(self, events: Sequence[Event]) -> None:
        if self.first is None and events:
            self.first, self._arrived_at = events[0].timestamp, events[0].received_at
        run: list[Event] = []
        for event in events:
            if event.received_at - self._arrived_at >= self._settings.idle_close:
                self._process(run)
                run = []
                self.silence_until(event.received_at)
            run.append(event)
            self._arrived_at = max(self._arrived_at, event.received_at)
        self._process(run)

    def silence_until(self, arrival: int) -> None:
        """Nothing arrived from the last event until then (microseconds)."""
        seconds = (arrival - self._arrived_at) / SECOND
        closed = self._settings.idle_close / SECOND + _LOOK_SECONDS
        final = closed + self._settings.allowed_lateness / SECOND + _LOOK_SECONDS
        for due in (closed, final):
            if seconds >= due:
                self._engine.tick(self._arrived_at / SECOND + due)
        self._take()

    def _process(self, events: Sequence[Event]) -> None:
        if events:
            # Repeats of a transaction never come into the archive: nothing need be known of earlier ones.
            self._engine.process(self.events, in_runs(events), self._arrived_at / SECOND, {}, {})
            self.events += len(events)
            self._take()

    def _take(self) -> None:
        for moment in self._engine.take_effects().moments:
            if moment.timestamp >= self._keep_from:
                slim = msgspec.structs.replace(moment, metadata={"cause": moment.metadata.get("cause")})
                self.moments[moment.moment_id] = slim

    def _detectors(self, kind: Kind, workspace_id: str, stream_id: str) -> MomentDetectors:
        return _Watched(self._observed, kind, workspace_id, stream_id, self._detection)

    def _observed(self, end: int) -> None:
        self._hops += self._start < end <= self._end


class _Watched(MomentDetectors):
    """Tells the end of every hop that it observes."""

    def __init__(
        self, observed: Callable[[int], None], kind: Kind, workspace_id: str, stream_id: str, settings: MomentSettings
    ) -> None:
        super().__init__(kind, workspace_id, stream_id, settings)
        self._tell = observed

    def observe(self, observation: Observation, info: StreamInfo) -> list[Moment]:
        self._tell(observation.end)
        return super().observe(observation, info)
