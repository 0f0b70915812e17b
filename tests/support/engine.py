"""The engine run over a list of items as the pipeline runs it, with its checkpoints kept in plain dictionaries."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from telemetra.engine.effects import Effects
from telemetra.engine.engine import Engine, EngineSettings
from telemetra.kinds.registry import Registry, load_registry
from telemetra.model.event import Event, LogItem, Rejection, in_runs
from telemetra.model.stream import StreamState
from telemetra.model.window import SECOND
from telemetra.moments.stream import MomentDetectors, MomentSettings
from telemetra.store.bands import band_columns

REGISTRY = load_registry("USD")
START = 1_700_000_040 * SECOND  # a whole minute
_state_decoder = msgspec.msgpack.Decoder(StreamState)


def event(
    event_id: str,
    at_seconds: float,
    data: dict[str, Any] | None = None,
    *,
    type: str = "chat.message",
    stream_id: str = "lirik",
    source: str = "api",
    received_seconds: float | None = None,
) -> Event:
    """An event at START + `at_seconds`, by default received two seconds later."""
    timestamp = START + round(at_seconds * SECOND)
    received = timestamp + 2 * SECOND if received_seconds is None else START + round(received_seconds * SECOND)
    if data is None:
        data = {"user_id": f"u{sum(event_id.encode()) % 7}", "message": f"hello {event_id}"}
    return Event(event_id, type, "default", stream_id, source, timestamp, received, json.dumps(data).encode())


def detectors(kind: Any, workspace_id: str, stream_id: str) -> MomentDetectors:
    return MomentDetectors(kind, workspace_id, stream_id, MomentSettings())


class Tables:
    """What the checkpoints have stored, and the rules by which memory is rebuilt from it."""

    def __init__(self, items: Sequence[Event | Rejection], settings: EngineSettings | None = None) -> None:
        self.items = items
        self.applied = 0
        self.needs = 0
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        self.moments: dict[str, Any] = {}
        self.archive: list[tuple[int, str]] = []
        self.ledger: Counter[tuple[str, int]] = Counter()
        self.stream_ledger: Counter[tuple[str, str, int]] = Counter()
        self.dead: dict[int, str] = {}
        self.tables: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.known: dict[tuple[str, str, str], int] = {}
        self.states: dict[tuple[str, str], bytes] = {}
        self._settings = settings or EngineSettings()
        self._registry: Registry = REGISTRY

    def rebuild(self, read_items: int = 1000) -> Engine:
        engine = Engine(self._registry, detectors, self._settings, self.applied)
        for first in range(self.needs, self.applied, read_items):
            items = in_runs(self.items[first : min(first + read_items, self.applied)])
            self._load(engine, items)
            engine.refill(first, items, set(self.dead), self.known)
        engine.start_idle_timers(0.0)
        return engine

    def process(
        self, engine: Engine, count: int, now_seconds: float = 0.0, poison: dict[int, str] | None = None
    ) -> None:
        items = in_runs(self.items[self.applied : self.applied + count])
        self._load(engine, items)
        engine.process(self.applied, items, now_seconds, dict(self.known), poison or {})

    def store(self, effects: Effects) -> None:
        self.applied, self.needs = effects.applied, effects.needs
        for state in effects.states:
            key = (state.workspace_id, state.stream_id)
            if state.detectors is None and key in self.states:
                state.detectors = _state_decoder.decode(self.states[key]).detectors
            self.states[key] = msgspec.msgpack.encode(state)
        for row in effects.minutes:
            columns = {column.name: row.values[column.name] for column in self._registry.kinds[row.kind].columns}
            judged = {"z_score": row.z_score, **band_columns(row.baseline), "anomaly": row.is_anomaly}
            self.rows[row.stream_id, row.window_start] = columns | judged
        for moment in effects.moments:
            self.moments[str(moment.moment_id)] = moment
        for offset, run, disposition in effects.archive:
            self.archive += [(offset + at, disposition) for at in range(len(run))]
        for (_, _, minute), counts in effects.ledger.items():
            for name, count in zip(("counted", "duplicate", "late", "rejected", "dead"), counts, strict=True):
                self.ledger[name, minute] += count
        for (_, stream_id, minute), counts in effects.stream_ledger.items():
            for name, count in zip(("duplicate", "late"), counts, strict=True):
                self.stream_ledger[stream_id, name, minute] += count
        for letter in effects.dead:
            self.dead[letter.offset] = letter.code
        for table_row in effects.table_rows:
            if table_row.table == "transactions":
                key = ("transactions", table_row.key[0], table_row.values["transaction_id"])
                assert key not in self.tables
                self.known[key] = table_row.offset
                self.tables[key] = dict(table_row.values)

    def run(self, sizes: Iterable[int]) -> Engine:
        """Process all items in checkpoints of these sizes; a negative size kills the process before its checkpoint."""
        engine = self.rebuild()
        for size in sizes:
            self.process(engine, abs(size))
            if size < 0:
                engine = self.rebuild()
            else:
                self.store(engine.take_effects())
        self.process(engine, len(self.items))
        self.store(engine.take_effects())
        return engine

    def totals(self) -> dict[str, int]:
        totals: Counter[str] = Counter()
        for (name, _), count in self.ledger.items():
            totals[name] += count
        return {name: count for name, count in totals.items() if count}

    def _load(self, engine: Engine, items: Sequence[LogItem]) -> None:
        missing, _ = engine.to_load(items)
        engine.load(_state_decoder.decode(self.states[key]) for key in missing if key in self.states)
