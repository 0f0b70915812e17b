"""Draws docs/evaluation/nab.png: one series, its windows, and the scores of both heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from matplotlib import dates, pyplot
from matplotlib.axes import Axes

from benchmarks.nab.corpus import Record
from telemetra.model.window import SECOND

mpl.use("Agg")

# Okabe and Ito's colours, which colour-blind eyes tell apart.
VALUE, WINDOW, ALARM, FAINT = "#0072B2", "#F0E442", "#D55E00", "#5F6B76"
COLOURS = ("#D55E00", "#009E73")


def draw(record: Record, scores: Mapping[str, Sequence[float]], thresholds: Mapping[str, float], file: Path) -> None:
    """`scores` and `thresholds` by detector; a threshold that nothing reaches is not drawn."""
    times = [datetime.fromtimestamp(time / SECOND, UTC) for time in record.times]
    pyplot.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10})
    figure, axes = pyplot.subplots(
        1 + len(scores), 1, figsize=(12, 6.4), sharex=True, height_ratios=[2.2, *(1 for _ in scores)]
    )
    axes[0].plot(times, record.values, color=VALUE, linewidth=0.8)  # type: ignore[arg-type]
    axes[0].set_title(f"{record.name}: value, and the windows that are to be found", loc="left", weight="bold")
    for each, (name, values), colour in zip(axes[1:], scores.items(), COLOURS, strict=True):
        each.plot(times, values, color=colour, linewidth=0.8)
        each.set_ylim(0, 1)
        each.set_title(f"score of {name}", loc="left", color=FAINT)
        if thresholds[name] <= 1:
            each.axhline(thresholds[name], color=FAINT, linewidth=0.8, dashes=(4, 2))
    for each in axes:
        _dress(each, record, times)
    figure.tight_layout()
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _dress(axes: Axes, record: Record, times: Sequence[datetime]) -> None:
    for first, last in record.windows:
        axes.axvspan(times[first], times[last], color=WINDOW, alpha=0.45, linewidth=0)  # type: ignore[arg-type]
    axes.axvspan(times[0], times[record.probation], color=FAINT, alpha=0.12, linewidth=0)  # type: ignore[arg-type]
    axes.set_xlim(times[0], times[-1])  # type: ignore[arg-type]
    axes.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=FAINT, length=0)
