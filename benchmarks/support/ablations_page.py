"""Writes docs/evaluation/ablations.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.nab.evaluation import Standing
from telemetra.moments.policy import ACTIVE_Z

if TYPE_CHECKING:
    from benchmarks.ablations import Measured

_PAGE = """# What every part is for

Written by `python -m benchmarks.ablations`; do not edit. Every part of detection is taken away in turn, or something
plainer is put in its place. All variants are shown the same hops: {streams} simulated channels of {hours} hours
(seeds {first} to {last}, which nothing was chosen by) with hype, raids, copypasta and bots of 2 to 7 times the ordinary
chat, moods, gifts and slumps in between, and {noise_hours} hours of small talk at each of three rates, in which every
alarm is false.

- **crowds found**: hype, raids, copypasta and bots, as `chat_spike`; **weak**: those of 2 to 2.5 times the usual chat.
- **cause right**: of the crowds found. **told after**: the median from the true onset.
- **twice**: crowds that were told as two moments. **all found**: also moods, gifts, slumps and the viewers of raids.
- **precision**: moments of all types that belong to something planted. **false an hour**: on 0.5, 2 and 7 messages a
  second. **real chat**: moments in nine hours of [a real one](../moments-lirik.md), right or wrong.

## Heads

Which head opens moments, and what burst compares with.

{heads}

## Features of the chat

Without a feature a cause has less to go by; and as a clear cause makes up for a lack of height, weak crowds are
missed too.

{features}

## Policy

From scores to moments. A hop belongs to a moment when it stands {active:g} scales off, whatever the threshold.

{policy}

## On the Numenta Anomaly Benchmark

The same for what was never seen before: {series} shared series, each variant at the threshold that suits it best
([nab.md](nab.md) has the channels one by one, and what the figures mean).

{nab}

## Reading it

{reading}
"""
_READING = """\
- The simulator was written by those who wrote the detectors: what stands here says which part does what, and little
  about how well it does on people. Differences of one or two crowds mean nothing.
- Medians are worth a quarter of the crowds: a burst that enters mean and deviation hides the next one.
- Repeated texts and busiest authors carry two causes each, so without them those are wrong. Emotes, phrases and
  capitals stand in for one another: one may be missing, not all three. The sentiment within a burst decides nothing
  here (moods are found by the series of their own).
- The features of the chat find a third more moments in the real chat than counts alone, and cost no false alarm here.
- Cooldown does nothing that merging does not do already.
- Without `least` small talk becomes a moment here and there; without the depth of a fall some lulls do."""


def write_page(
    file: Path,
    tables: Mapping[str, Mapping[str, Measured]],
    nab: Sequence[Standing],
    seeds: range,
    hours: float,
    noise_hours: float,
) -> None:
    file.write_text(
        _PAGE.format(
            streams=4 * len(seeds),
            hours=hours,
            first=seeds[0],
            last=seeds[-1],
            noise_hours=noise_hours,
            active=ACTIVE_Z,
            series=len(nab[0].warm[0].raw),
            nab=_nab(nab),
            reading=_READING,
            **{title: _table(rows) for title, rows in tables.items()},
        ),
        encoding="utf-8",
    )


_HEADS = (
    "crowds found",
    "weak",
    "cause right",
    "told after",
    "twice",
    "all found",
    "precision",
    "false an hour",
    "real chat",
)


def _table(rows: Mapping[str, Measured]) -> str:
    return _lines(["variant", *_HEADS], ([name, *_cells(measured)] for name, measured in rows.items()))


def _cells(measured: Measured) -> list[str]:
    outcome = measured.outcome
    crowds = outcome.by_strength((2.0, 7.0))[2.0, 7.0]
    weak = outcome.by_strength((2.0, 2.5))[2.0, 2.5]
    every = outcome.by_kind().values()
    return [
        f"{crowds.found} of {crowds.planted}",
        f"{weak.found} of {weak.planted}",
        f"{crowds.cause_right:.3f}",
        f"{crowds.delay:.0f} s",
        str(crowds.repeated),
        f"{sum(row.found for row in every) / sum(row.planted for row in every):.3f}",
        f"{outcome.precision:.3f}",
        " / ".join(f"{alarms:.2f}" for alarms in measured.noise.values()),
        str(measured.real),
    ]


def _nab(nab: Sequence[Standing]) -> str:
    profiles = ("standard", "low FP", "low FN")
    heads = ["variant", *(f"{name}, warm" for name in profiles), *(f"{name}, cold" for name in profiles)]
    return _lines(
        heads,
        (
            [each.name, *(f"{result.score + 0.0:.1f}" for results in (each.warm, each.cold) for result in results)]
            for each in nab
        ),
    )


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in heads[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
