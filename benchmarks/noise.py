"""False alarms on noise, and moments in three real chats, by which heads may open a moment; plain rules beside them.

    python -m benchmarks.noise           writes docs/evaluation/noise.md
    python -m benchmarks.noise --tiny    a size that only shows that it works; writes nothing

The number of messages per hop goes through the whole detection of a stream (heads, policy, moments). Noise is Poisson
noise of a steady rate: every alarm is false.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.nab.contenders import SEEDS_Z, seeds_z, trailing_z
from benchmarks.support import report
from telemetra.kinds.base import Kind
from telemetra.kinds.broadcast import build
from telemetra.model.stream import StreamInfo
from telemetra.model.window import HOP, HOPS_PER_WINDOW, SECOND, Observation
from telemetra.moments.heads import BUILT_IN
from telemetra.moments.scale import score_of
from telemetra.moments.settings import MomentSettings
from telemetra.moments.stream import MomentDetectors
from telemetra.sources.simulation.chance import chance, poisson

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/evaluation/noise.md"
CHATS = ROOT.parent / "shared/data/chat"
RATES = (0.1, 0.5, 2.0, 7.0, 30.0)
"""Messages a second."""

HOURS, SEEDS = 8, 10
HOPS_PER_HOUR = 360
MOST_AN_HOUR = 0.5
MERGE_HOPS = 6
ORIGIN = 1_700_000_000 * SECOND

Counts = Sequence[int]
Rule = Callable[[Counts], int]
"""Messages of every hop in, number of alarms out."""


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    hours, seeds = (1, 1) if tiny else (HOURS, SEEDS)
    report.heading("False alarms", f"Poisson noise, {seeds} × {hours} h a rate; alarms an hour")
    found = {rate: on_noise(rate, hours, seeds) for rate in RATES}
    for name in RULES:
        print(f"  {name:<52}" + "".join(f"{found[rate][name]:>8.2f}" for rate in RATES))
    usual = next(iter(RULES))
    worst = max(found[rate][usual] for rate in RATES)
    report.ratio("false alarms of the product an hour / allowed", worst / MOST_AN_HOUR, "1 at most")
    if not tiny:
        PAGE.write_text(page(found, chats()), encoding="utf-8")
        print(f"  written: {PAGE}")


def on_noise(rate: float, hours: int, seeds: int) -> dict[str, float]:
    """Alarms an hour by rule."""
    alarms = dict.fromkeys(RULES, 0)
    for seed in range(seeds):
        rng = chance("noise", rate, seed)
        counts = [poisson(rng, rate * HOP / SECOND) for _ in range(hours * HOPS_PER_HOUR)]
        for name, rule in RULES.items():
            alarms[name] += rule(counts)
    return {name: many / (hours * seeds) for name, many in alarms.items()}


def product(heads: Sequence[str], *, least: bool = True) -> Rule:
    """The moments that detection finds where `heads` may open them; without `least`, however small they are."""
    kind = build("USD")
    if not least:
        kind = replace(kind, series=tuple(replace(series, least=0.0) for series in kind.series))
    settings = MomentSettings(opening_heads=tuple(heads))
    return lambda counts: moments(kind, settings, counts)


def moments(kind: Kind, settings: MomentSettings, counts: Counts) -> int:
    watch = MomentDetectors(kind, "default", "noise", settings, BUILT_IN)
    info = StreamInfo(kind.name, "noise", started_at=ORIGIN)
    silent: dict[str, float | None] = {series.name: None for series in kind.series}
    found = set()
    for number, count in enumerate(counts):
        hop = Observation(ORIGIN + (number + 1) * HOP, silent | {kind.primary: count}, {})
        found |= {moment.moment_id for moment in watch.observe(hop, info)}
    return len(found)


def plain(rule: Callable[[Sequence[float], Sequence[int]], list[float]]) -> Rule:
    """Alarms where |z| of a 60 s window passes 3; those that are less than a minute apart are one."""

    def alarms(counts: Counts) -> int:
        windows = [float(sum(counts[at - HOPS_PER_WINDOW : at])) for at in range(HOPS_PER_WINDOW, len(counts) + 1)]
        loud = [at for at, score in enumerate(rule(windows, range(len(windows)))) if score > score_of(SEEDS_Z)]
        return sum(at - before > MERGE_HOPS for before, at in zip([-MERGE_HOPS - 1, *loud], loud, strict=False))

    return alarms


RULES: dict[str, Rule] = {
    "burst opens (the default)": product(["burst"]),
    "burst and novelty open": product(["burst", "novelty"]),
    "novelty opens": product(["novelty"]),
    "burst opens, moments of any size": product(["burst"], least=False),
    "novelty opens, moments of any size": product(["novelty"], least=False),
    "the seeds' z > 3 in 11 windows": plain(seeds_z),
    "z > 3 of the 360 windows before": plain(trailing_z),
}


def chats() -> dict[str, Counts]:
    """Messages per hop of the shared chats, from the first to the last one."""
    lirik = [
        datetime.fromisoformat(line[:19]).replace(tzinfo=UTC).timestamp()
        for line in (CHATS / "lirik-2015.csv").read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    return {"lirik-2015": per_hop(lirik)} | {
        name: per_hop([comment["content_offset_seconds"] for comment in comments(CHATS / f"vod/{name}.json")])
        for name in ("northernlion-2021", "csharpfritz-2019")
    }


def comments(file: Path) -> list[dict[str, float]]:
    document = json.loads(file.read_text(encoding="utf-8"))
    found: list[dict[str, float]] = document if isinstance(document, list) else document["comments"]
    return found


def per_hop(seconds: Sequence[float]) -> Counts:
    hops = [int(each * SECOND) // HOP for each in seconds]
    counts = [0] * (max(hops) - min(hops) + 1)
    for hop in hops:
        counts[hop - min(hops)] += 1
    return counts


TEMPLATE = """# False alarms on noise

Written by `python -m benchmarks.noise`; do not edit. One configuration for all.

{seeds} streams of {hours} hours a rate, of nothing but Poisson noise. Alarms an hour:

{noise}

At most {most} are allowed at 0.5, 2 and 7 messages a second. A chat moment needs at least 60 messages in its minute;
*any size* shows what the heads alone do without that.

The seeds' rule hears next to nothing, noise or bursts: a value that is part of its own baseline of 11 never stands
more than 3.16 from it, and windows that overlap by 50 s hardly ever so much.

# Real chats

Alarms in the chats of the shared data, counts alone:

{chats}

## Who opens a moment

`MomentSettings.opening_heads` names the heads whose score may open and hold a moment, by default `burst` alone. The
scores of all heads are told with the moment (`metadata.detector.scores`): a novelty of 0.5 and more says that nothing
like it was seen before in this stream.

Novelty may be named as well where a series should be told once when it leaves everything it has ever done: a
counter that must not grow, a cost, a latency. In chats it adds nothing to the default, which is why it does not open
there.
"""


def page(found: dict[float, dict[str, float]], chat_counts: dict[str, Counts]) -> str:
    noise = [[name, *(f"{found[rate][name]:.2f}" for rate in RATES)] for name in RULES]
    real = [[name, *(str(rule(counts)) for counts in chat_counts.values())] for name, rule in RULES.items()]
    lengths = [f"{name}, {len(counts) / HOPS_PER_HOUR:.1f} h" for name, counts in chat_counts.items()]
    return TEMPLATE.format(
        seeds=SEEDS,
        hours=HOURS,
        most=MOST_AN_HOUR,
        noise=table(["", *(f"{rate:g}/s" for rate in RATES)], noise),
        chats=table(["", *lengths], real),
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in heads[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))


if __name__ == "__main__":
    main()
