"""The engine against a plain dict-and-Counter loop and against Bytewax doing the same windows.

The engine does all that it does in the product: it decodes each event's data, drops duplicates, keeps watermarks,
hops, minutes and their finality, all measures, detectors and evidence, the ledger, the list for the archive and the
states to store. The loop is given decoded tuples, Bytewax the same items as the engine; neither does the rest (see
benchmarks/peers). One process, CPU seconds, interleaved rounds.

All call the same functions for emotes and sentiment. So there are two tables: texts as people write them, and 2,000
texts again and again, which those functions remember: what is left then are the windows (and, in the engine alone, all
the rest).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.peers.plain_loop import plain_loop
from benchmarks.support import report
from benchmarks.support.chat import Feed, source
from telemetra.engine.engine import Engine, EngineSettings
from telemetra.garbage import COLLECTIONS
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import load_registry
from telemetra.model.event import Event, LogItem
from telemetra.model.window import SECOND
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors
from telemetra.operations.intake_runs import RequestRuns

HAS_BYTEWAX = find_spec("bytewax") is not None
if HAS_BYTEWAX:
    from benchmarks.peers import bytewax_windows

START = 1_700_000_040 * SECOND
READ_ITEMS = 20_000
PER_REQUEST = 1_000
EVENTS = 40_000
ROUNDS = 5
SIZES = ((1, 20.0), (100, 300.0))
"""Streams, and events a second of event time in all."""
TEXTS = {"texts as written": None, "texts read before": 2_000}

ENGINE, LOOP = "engine", "plain loop"
MINUTES, HOPS_AND_MINUTES = "Bytewax, minutes alone", "Bytewax, hops and minutes"
TARGETS = {LOOP: "", MINUTES: "", HOPS_AND_MINUTES: "5"}

_registry = load_registry("USD")
_moments = MomentSettings()


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    events, rounds = (2_000, 1) if tiny else (EVENTS, ROUNDS)
    gc.set_threshold(*COLLECTIONS)  # for all, as the pipeline's process does
    for streams, rate in SIZES:
        for name, texts in TEXTS.items():
            report.heading(
                f"Engine, {streams} stream{'s' if streams > 1 else ''}, {name}",
                source(),
                f"{events:,} events, {rate:.0f} a second of event time; events per CPU second, {rounds} rounds",
            )
            compare(streams, rate, events, rounds, texts)


def compare(streams: int, rate: float, count: int, rounds: int, texts: int | None) -> None:
    def contender(name: str, run: Callable[[Any], int], given: Callable[[Feed], Any]) -> Callable[[int], float]:
        # Everybody has texts of their own: nobody profits from what another had remembered.
        return lambda number: measured(
            count, run, given(Feed(f"{name}-{number}", streams=streams, rate=rate, start=START, texts=texts))
        )

    def events(feed: Feed) -> list[Event]:
        return feed.events(count)

    contenders = {
        ENGINE: contender("engine", run_engine, events),
        LOOP: contender("loop", plain_loop, lambda feed: list(map(tuple, feed.rows(count)))),
    }
    if HAS_BYTEWAX:
        contenders[MINUTES] = contender("minutes", bytewax_windows.minutes, events)
        contenders[HOPS_AND_MINUTES] = contender("hops", bytewax_windows.hops_and_minutes, events)
    else:
        print("  left out: Bytewax (not installed for this Python)")
    results = report.interleaved(rounds, contenders)
    medians = {name: statistics.median(values) for name, values in results.items()}
    for name, values in results.items():
        report.row(name, values, "events/s")
    for name, target in TARGETS.items():
        if name in medians:
            report.ratio(f"{ENGINE} / {name}", medians[ENGINE] / medians[name], target)


def measured(count: int, run: Callable[[Any], int], given: Any) -> float:
    """Events per CPU second of a run, which returns how many minutes it found."""
    gc.collect()
    gc.freeze()  # what is given is nobody's garbage
    started = time.process_time()
    rows = run(given)
    seconds = time.process_time() - started
    gc.unfreeze()
    assert rows, "nothing was counted"
    return count / seconds


def run_engine(events: Sequence[Event]) -> int:
    """As the pipeline runs it, up to what a checkpoint would store. Returns the rows, of minutes still open too."""
    engine = Engine(_registry, detectors, EngineSettings(), 0)
    rows = 0
    for first in range(0, len(events), READ_ITEMS):
        items = as_in_the_log(events[first : first + READ_ITEMS])
        engine.to_load(items)
        engine.process(first, items, 0.0, {}, {})
        rows += len(engine.take_effects().minutes)
    engine.tick(60.0)
    return rows + len(engine.take_effects().minutes)


def as_in_the_log(events: Sequence[Event]) -> list[LogItem]:
    """As intake writes them, request by request; others are given the same events to sort out themselves."""
    items: list[LogItem] = []
    for first in range(0, len(events), PER_REQUEST):
        request = RequestRuns("default", events[first].received_at, None, None)
        for event in events[first : first + PER_REQUEST]:
            request.add(event.event_id, event.type, event.stream_id, event.source, event.timestamp, event.data, None)
        items += request.runs
    return items


def detectors(kind: Kind, workspace_id: str, stream_id: str) -> MomentDetectors:
    return MomentDetectors(kind, workspace_id, stream_id, _moments)


if __name__ == "__main__":
    main()
