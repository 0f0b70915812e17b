"""What the engine works out once per kind: which measures an event feeds and what an empty hop looks like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from telemetra.kinds.base import Entries, Kind, Measure, Window
from telemetra.model.window import HOP, SECOND, Observation

HOP_SECONDS = HOP / SECOND


class Hop:
    """Ten seconds of a stream: a state per measure, and the entries that are not yet in them, by lane."""

    __slots__ = ("pending", "states")

    def __init__(self, states: list[Any]) -> None:
        self.states = states
        self.pending: dict[str, Entries] = {}

    def put(self, lane: str, added: Entries) -> None:
        """Keep entries until the next flush."""
        entries = self.pending.get(lane)
        if entries is None:
            entries = self.pending[lane] = Entries([], [])
        entries.times.extend(added.times)
        entries.data.extend(added.data)


class KindPlan:
    """A kind, prepared for the window loop."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._lanes: dict[str, list[tuple[int, Measure]]] = {}
        for index, measure in enumerate(kind.measures):
            for lane in measure.lanes:
                self._lanes.setdefault(lane, []).append((index, measure))
        self.carrying = tuple((index, measure) for index, measure in enumerate(kind.measures) if measure.carries)
        self.carrying_lanes = frozenset(lane for _, measure in self.carrying for lane in measure.lanes)
        self._stored = tuple((index, measure) for index, measure in enumerate(kind.measures) if measure.columns)
        self._empty_values = self._finish_hop(self.new_hop(), 0)

    def new_hop(self) -> Hop:
        return Hop([measure.create() for measure in self.kind.measures])

    def flush(self, hop: Hop) -> None:
        """Take the pending entries into the states. Entries are kept until here so that measures work on lists."""
        if hop.pending:
            states = hop.states
            for lane, entries in hop.pending.items():
                for index, measure in self._lanes.get(lane, ()):
                    states[index] = measure.add(states[index], entries)
            hop.pending.clear()

    def finish(self, hops: Sequence[Hop], window: Window, previous: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a window made of `hops` in time order; `previous`: carried state by measure name."""
        for hop in hops:
            self.flush(hop)
        values: dict[str, Any] = {}
        for index, measure in self._stored:
            state = hops[0].states[index] if len(hops) == 1 else measure.merge([hop.states[index] for hop in hops])
            if measure.carries:
                values |= measure.finish(state, Window(window.end, window.seconds, previous.get(measure.name)))
            else:
                values |= measure.finish(state, window)
        return values

    def merged(self, hops: Sequence[Hop]) -> Hop:
        """A hop that stands for `hops`, in time order, wherever a window is finished."""
        for hop in hops:
            self.flush(hop)
        states: list[Any] = [None] * len(self.kind.measures)
        for index, measure in self._stored:
            states[index] = measure.merge([hop.states[index] for hop in hops])
        return Hop(states)

    def _finish_hop(self, hop: Hop, end: int) -> dict[str, Any]:
        """The values of one hop, which ends at `end` and is given nothing that was carried."""
        self.flush(hop)
        window = Window(end, HOP_SECONDS)
        values: dict[str, Any] = {}
        for measure, state in zip(self.kind.measures, hop.states, strict=True):
            values |= measure.finish(state, window)
        return values

    def carry(self, carried: Mapping[str, Any], hops: Iterable[Hop]) -> dict[str, Any]:
        """The carried state after `hops` (in time order) follow what was carried so far."""
        hops = list(hops)
        for hop in hops:
            self.flush(hop)
        result = {}
        for index, measure in self.carrying:
            states = [hop.states[index] for hop in hops]
            if measure.name in carried:
                states.insert(0, carried[measure.name])
            result[measure.name] = measure.merge(states)
        return result

    def observation(self, end: int, hop: Hop | None) -> Observation:
        """What detectors are shown of the hop that ends at `end` (None: no event)."""
        values = self._empty_values if hop is None else self._finish_hop(hop, end)
        kind = self.kind
        return Observation(
            end=end,
            values={series.name: series.value(values) for series in kind.series},
            evidence={name: values[output] for name, output in kind.evidence.items()},
            weights={series.name: series.weight(values) for series in kind.series if series.weight is not None},
            facts={name: values[name] for name in kind.facts if values[name]},
            participants=values[kind.participants] if kind.participants else [],
            happenings=values[kind.happenings] if kind.happenings else [],
        )

    def empty_values(self) -> dict[str, Any]:
        return self._empty_values
