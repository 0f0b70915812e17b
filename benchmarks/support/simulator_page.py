"""Writes docs/evaluation/simulator.md. Used by benchmarks/simulator.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.support.planted import CAUSES, Found, Outcome, Row

_PAGE = """\
# Planted moments of the simulator

Written by `python -m benchmarks.simulator`: {seeds} seeds ({first} to {last}, none of which was looked at while the
detectors were made) of {hours} hours, three channels with planted moments and a quiet one each, {stream_hours:.0f}
hours of streams in all. Every event goes through the real engine; one configuration, the default one. Crowds (hype,
raid, copypasta, bot) are 2 to 7 times the ordinary chat for 45 to 80 seconds.

| planted | moment | found | recall | cause right | told after, median | causes named |
|---|---|---|---|---|---|---|
{kinds}

**Precision {precision:.3f}**: {matched} moments belong to what was planted, {false} to nothing{false_types}. A moment
belongs to a plant of its channel that ought to raise its type, if it began within 30 s of it. Counted as planted are
all types of the simulator's truth: `chat_drop` in slumps (hardly anybody writes, in channels of more than a message a
second), `sentiment_shift` in moods, `revenue_spike` for gifts. The {lulls} lulls (two fifths of the ordinary chat for
two to three minutes) and slumps of the smallest chat are to raise nothing: {lulls_raised} did. The quiet channels
raised {quiet} in {quiet_hours:.0f} hours.

*Told after*: from the true onset to the event time at which the moment was first told, so with the 10 s of the
watermark. *Cause right*: what the moment said in its last version; for gifts and slumps `unknown` is right, as nothing
in a chat says why.

## By strength

| times the ordinary chat | planted | recall | cause right | told after, median |
|---|---|---|---|---|
{strengths}

## Raids that nobody announced

The same streams without the event that tells of a raid. What remains are the people who were never here before, as a
sample of at most 1,000 remembered chatters knows them, and no name to tell.

| planted | moment | found | recall | cause right | told after, median | causes named |
|---|---|---|---|---|---|---|
{unannounced}

In the first quarter of an hour nearly everybody is new, and a raid that nobody announced looks like a crowd of the
channel's own. A rise of viewers alone has only newcomers in the chat to go by.

## Nothing at all

A steady rate of small talk with viewers who come and go and a subscription now and then, {noise_hours} hours a rate,
alarms of all types together:

| messages a second | alarms | an hour |
|---|---|---|
{noise}

## What this does not show

The simulation was written by those who wrote the detectors. It was made harder where it was too easy (lurkers who
write for the first time when something happens, raiders who repeat their own text, copied texts with a word missing,
bots with a tag in every message), but its crowds are still plainer than people:
[a real chat](../moments-lirik.md) is the better judge.
"""


def write_page(
    file: Path,
    outcome: Outcome,
    unannounced: Outcome,
    noise: Mapping[float, Sequence[Found]],
    seeds: range,
    hours: int,
    noise_hours: int,
) -> None:
    raids = {name: row for name, row in unannounced.by_kind().items() if name.startswith("raid")}
    types = Counter(one.moment.moment_type for one in outcome.false)
    page = _PAGE.format(
        seeds=len(seeds),
        first=seeds[0],
        last=seeds[-1],
        hours=hours,
        stream_hours=outcome.stream_hours,
        kinds=_table(outcome.by_kind()),
        precision=outcome.precision,
        matched=outcome.matched,
        false=len(outcome.false),
        false_types=f" ({', '.join(f'{name} {count}' for name, count in types.items())})" if types else "",
        lulls=outcome.lulls,
        lulls_raised=outcome.lulls_raised,
        quiet=outcome.quiet,
        quiet_hours=outcome.stream_hours / 4,
        strengths="\n".join(
            f"| {low:g} to {high:g} | {row.planted} | {row.recall:.3f} | {row.cause_right:.3f} | {row.delay:.0f} s |"
            for (low, high), row in outcome.by_strength((2.0, 2.5, 3.0, 4.0, 5.0, 7.0)).items()
        ),
        unannounced=_table(raids),
        noise_hours=noise_hours,
        noise="\n".join(
            f"| {rate:g} | {len(found)} | {len(found) / noise_hours:.2f} |" for rate, found in noise.items()
        ),
    )
    file.write_text(page, encoding="utf-8")


def _table(rows: Mapping[str, Row]) -> str:
    return "\n".join(_line(name, row) for name, row in rows.items())


def _line(name: str, row: Row) -> str:
    kind, moment_type = name.split(", ")
    right = CAUSES.get(kind, kind)
    causes = ", ".join(
        f"{'**' if cause == right else ''}{cause}{'**' if cause == right else ''} {count}"
        for cause, count in sorted(row.causes.items(), key=lambda item: -item[1])
    )
    return (
        f"| {kind} | {moment_type} | {row.found} of {row.planted} | {row.recall:.3f} | {row.cause_right:.3f} "
        f"| {row.delay:.0f} s | {causes} |"
    )
