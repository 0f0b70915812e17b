"""Novelty, burst and plain detectors on the shared part of the Numenta Anomaly Benchmark.

    .venv/bin/python -m benchmarks.nab     # with the dependency group `docs`; about five minutes

Writes docs/evaluation/nab.md and nab.png.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.nab import contenders
from benchmarks.nab.corpus import Record, load, profiles, published
from benchmarks.nab.evaluation import CONTENDERS, Standing, costs, standings, without_each_channel
from benchmarks.nab.page import page
from benchmarks.nab.picture import draw
from benchmarks.nab.scorer import Result, normalised
from benchmarks.support.report import machine

FOLDER = Path(__file__).resolve().parents[2] / "docs/evaluation"
DRAWN = "realTweets/Twitter_volume_FB.csv"
COMPARED = ("novelty", "burst")
NAMED = ("novelty", "burst", "trailing z, 360 values")


def main() -> None:
    records, costing = load(), profiles()
    found = standings(records, costing)
    groups = {each.name: by_group(records, each.warm[0]) for each in found if each.name in NAMED}
    longest = max(records, key=lambda record: len(record.values))
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = page(
        found, published(), without_each_channel(records, costing), costs(longest), groups, machine().partition(";")[0]
    )
    (FOLDER / "nab.md").write_text(text)
    picture(next(record for record in records if record.name == DRAWN), found)
    print(text)


def by_group(records: Sequence[Record], result: Result) -> dict[str, float]:
    """The normalised score of every group with windows, at the threshold for all series."""
    sums: dict[str, tuple[float, int]] = {}
    for record, raw, windows in zip(records, result.raw, result.windows, strict=True):
        before = sums.get(record.group, (0.0, 0))
        sums[record.group] = (before[0] + raw, before[1] + windows)
    return {group: normalised(raw, windows, result.profile) for group, (raw, windows) in sums.items() if windows}


def picture(record: Record, found: Sequence[Standing]) -> None:
    scores = {name: contenders.run(CONTENDERS[name], [record], cold=False)[0] for name in COMPARED}
    thresholds = {each.name: each.warm[0].threshold for each in found if each.name in COMPARED}
    draw(record, scores, thresholds, FOLDER / "nab.png")


if __name__ == "__main__":
    main()
