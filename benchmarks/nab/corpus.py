"""The shared part of the Numenta Anomaly Benchmark: series, anomaly windows, profiles, published figures."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from telemetra.model.window import SECOND

SHARED = Path(__file__).resolve().parents[3] / "shared/data/anomaly/nab"
BY_SERIES = Path(__file__).with_name("windowed_gaussian_standard.csv")
PROFILES = ("standard", "reward_low_FP_rate", "reward_low_FN_rate")
PROBATION = 0.15
PROBATION_MOST_ROWS = 5_000


@dataclass(frozen=True)
class Record:
    """One series: microseconds and values row by row, and its windows as (first row, last row), both inclusive."""

    name: str
    times: list[int]
    values: list[float]
    windows: list[tuple[int, int]]

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]

    @property
    def probation(self) -> int:
        """How many rows at the beginning are not scored."""
        return int(PROBATION * min(len(self.values), PROBATION_MOST_ROWS))


@dataclass(frozen=True)
class Profile:
    """What a false alarm and a missed window cost, where a window found at its first row is worth 1."""

    name: str
    false_alarm: float
    miss: float


def load(folder: Path = SHARED) -> list[Record]:
    windows = json.loads((folder / "windows.json").read_text())
    return [_record(folder / "data" / name, name, windows[name]) for name in sorted(windows)]


def profiles(folder: Path = SHARED) -> list[Profile]:
    """Standard, fewer false alarms, fewer misses."""
    costs = json.loads((folder / "config/profiles.json").read_text())
    matrices = {name: costs[name]["CostMatrix"] for name in PROFILES}
    return [Profile(name, matrix["fpWeight"], matrix["fnWeight"]) for name, matrix in matrices.items()]


def published(folder: Path = SHARED) -> dict[str, list[float]]:
    """Detector to normalised scores, a figure per profile, over all 58 series of the benchmark."""
    scores = json.loads((folder / "final_results.json").read_text())
    return {detector: [by_profile[name] for name in PROFILES] for detector, by_profile in scores.items()}


def published_raw(folder: Path = SHARED) -> dict[str, list[float]]:
    """As `published`, before the normalisation."""
    scores = json.loads((folder / "config/thresholds.json").read_text())
    return {detector: [by_profile[name]["score"] for name in PROFILES] for detector, by_profile in scores.items()}


@dataclass(frozen=True)
class Counted:
    """Of one series: its sum in the standard profile, and how many of its rows were what."""

    score: float
    tp: int
    tn: int
    fp: int
    fn: int


def published_by_series() -> dict[str, Counted]:
    """What the benchmark's repository states for its windowed Gaussian, standard profile, threshold 1 (numenta/NAB,
    results/windowedGaussian, the series that are shared)."""
    with BY_SERIES.open(newline="") as lines:
        return {
            row["file"]: Counted(float(row["score"]), *(int(row[name]) for name in ("tp", "tn", "fp", "fn")))
            for row in csv.DictReader(lines)
        }


def _record(file: Path, name: str, windows: list[list[str]]) -> Record:
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    times = [_microseconds(row["timestamp"]) for row in rows]
    limits = [(times.index(_microseconds(first)), times.index(_microseconds(last))) for first, last in windows]
    return Record(name, times, [float(row["value"]) for row in rows], limits)


def _microseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND
