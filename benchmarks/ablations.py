"""What every part of detection is for: heads, features of the chat and policy, each taken away in turn.

    python -m benchmarks.ablations           writes docs/evaluation/ablations.md; about five minutes
    python -m benchmarks.ablations --tiny    a size that only shows that it works; writes nothing

The hops of simulated channels and of small talk are made once, by the real engine; every variant is shown the same.
Heads are also judged on the shared part of the Numenta Anomaly Benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.nab.corpus import load, profiles
from benchmarks.nab.evaluation import parts_of_novelty
from benchmarks.support import report
from benchmarks.support.ablations_page import write_page
from benchmarks.support.chat import LIRIK, captured
from benchmarks.support.planted import ORIGIN, Found, Outcome, judge, simulated
from benchmarks.support.small_talk import small_talk
from benchmarks.support.tape import Tape, play, record
from benchmarks.support.variants import FEATURES, HEADS, POLICY, Variant
from telemetra.kinds.registry import load_registry
from telemetra.model.window import MINUTE
from telemetra.sources.simulate import Simulation

PAGE = Path(__file__).resolve().parents[1] / "docs" / "evaluation" / "ablations.md"
SEEDS = range(3001, 3005)
HOURS = 4
NOISE_RATES = (0.5, 2.0, 7.0)
NOISE_SEEDS = range(3001, 3003)
NOISE_HOURS = 8

_registry = load_registry("USD")
_kind = _registry.kinds["broadcast"]


@dataclass(frozen=True)
class Measured:
    """What a variant finds in the simulator, its alarms an hour on small talk by rate, and how many moments it finds in
    the captured chat."""

    outcome: Outcome
    noise: Mapping[float, float]
    real: int


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    seeds, hours = (SEEDS[:1], 1) if tiny else (SEEDS, HOURS)
    noise_seeds, noise_hours = (NOISE_SEEDS[:1], 1) if tiny else (NOISE_SEEDS, NOISE_HOURS)
    report.heading("Ablations", f"{len(seeds)} seeds of {hours} h, four channels each")
    simulations = {seed: Simulation(seed, ORIGIN) for seed in seeds}
    end = ORIGIN + hours * 60 * MINUTE
    channels = {seed: record(_registry, simulated(simulations[seed], end)) for seed in seeds}
    noise = {
        rate: [tape for seed in noise_seeds for tape in record(_registry, small_talk(rate, seed, noise_hours, ORIGIN))]
        for rate in NOISE_RATES
    }
    real = record(_registry, captured()) if LIRIK.exists() else []
    truths = {seed: simulation.truth(ORIGIN, end) for seed, simulation in simulations.items()}

    def measure(variant: Variant) -> Measured:
        outcome = Outcome()
        for seed, tapes in channels.items():
            judge(outcome, _found(variant, tapes), truths[seed], end)
        alarms = {rate: len(_found(variant, tapes)) for rate, tapes in noise.items()}
        hours_of_noise = len(noise_seeds) * noise_hours
        return Measured(
            outcome, {rate: many / hours_of_noise for rate, many in alarms.items()}, len(_found(variant, real))
        )

    tables = {title: _measured(measure, variants) for title, variants in TABLES.items()}
    recall = tables["heads"]["burst opens (the default)"].outcome.by_strength((2.0, 7.0))[2.0, 7.0].recall
    report.ratio("crowds found / 0.9", recall / 0.9, "1 at least")
    if not tiny:
        records = load()
        write_page(PAGE, tables, parts_of_novelty(records, profiles()), seeds, hours, len(noise_seeds) * noise_hours)
        print(f"  written: {PAGE}")


TABLES: Mapping[str, Mapping[str, Variant]] = {"heads": HEADS, "features": FEATURES, "policy": POLICY}


def _measured(measure: Callable[[Variant], Measured], variants: Mapping[str, Variant]) -> dict[str, Measured]:
    found = {}
    for name, variant in variants.items():
        found[name] = measured = measure(variant)
        crowds = measured.outcome.by_strength((2.0, 7.0))[2.0, 7.0]
        noise = ", ".join(f"{alarms:.2f}" for alarms in measured.noise.values())
        print(
            f"  {name:<44} {crowds}; precision {measured.outcome.precision:.3f}; noise {noise}; real {measured.real}",
            flush=True,
        )
    return found


def _found(variant: Variant, tapes: Sequence[Tape]) -> list[Found]:
    return play(tapes, lambda key: variant.detectors(_kind, key), variant.change)


if __name__ == "__main__":
    main()
