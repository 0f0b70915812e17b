"""Planted moments of the simulated channels: what is found, how late, with which cause, and what is found for nothing.

    python -m benchmarks.simulator           writes docs/evaluation/simulator.md; about ten minutes
    python -m benchmarks.simulator --tiny    a size that only shows that it works; writes nothing

Everything goes through the real engine, event by event, with the one default configuration. Seeds below 2000 were
looked at while the detectors were made; these are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.support import report
from benchmarks.support.planted import ORIGIN, Outcome, evaluate, run
from benchmarks.support.simulator_page import write_page
from benchmarks.support.small_talk import small_talk

PAGE = Path(__file__).resolve().parents[1] / "docs" / "evaluation" / "simulator.md"
SEEDS = range(2001, 2009)
HOURS = 4
NOISE_RATES = (0.5, 2.0, 7.0)
NOISE_HOURS = 8
NOISE_SEEDS = range(2001, 2005)


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    seeds, hours = (range(2001, 2002), 1) if tiny else (SEEDS, HOURS)
    noise_seeds, noise_hours = (range(2001, 2002), 1) if tiny else (NOISE_SEEDS, NOISE_HOURS)
    report.heading("Simulator", f"{len(seeds)} seeds of {hours} h, four channels each")
    outcome = evaluate(seeds, hours)
    tell("as planted", outcome)
    unannounced = evaluate(seeds, hours, announced=False)
    tell("raids not announced", unannounced)
    noise = {
        rate: [found for seed in noise_seeds for found in run(small_talk(rate, seed, noise_hours, ORIGIN))]
        for rate in NOISE_RATES
    }
    for rate, found in noise.items():
        hours_of_noise = len(noise_seeds) * noise_hours
        report.ratio(f"alarms an hour on small talk of {rate:g} a second / allowed", len(found) / hours_of_noise / 0.5)
    if not tiny:
        write_page(PAGE, outcome, unannounced, noise, seeds, hours, len(noise_seeds) * noise_hours)
        print(f"  written: {PAGE}")


def tell(name: str, outcome: Outcome) -> None:
    print(f"\n  {name}")
    for kind, row in outcome.by_kind().items():
        print(f"  {kind:<28} {row}")
    print(
        f"  precision {outcome.precision:.3f}; for nothing: {', '.join(map(str, outcome.false)) or 'none'}", flush=True
    )


if __name__ == "__main__":
    main()
