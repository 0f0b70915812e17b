"""The labelled chat lines of tests/data/sentiment, and how well an analyser agrees with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

LABELS = ("positive", "negative", "neutral")
PARTS = ("seen", "held", "fresh")

_FILE = Path(__file__).resolve().parents[1] / "data" / "sentiment" / "chat_lines.tsv"


class ChatLine(NamedTuple):
    part: str
    label: str
    text: str


class Agreement(NamedTuple):
    """How often an analyser says what the label says; `pairs` counts (label, answer)."""

    pairs: Counter[tuple[str, str]]

    @property
    def accuracy(self) -> float:
        return sum(count for (label, answer), count in self.pairs.items() if label == answer) / self.pairs.total()

    @property
    def macro_f1(self) -> float:
        return sum(map(self._f1, LABELS)) / len(LABELS)

    def precision(self, label: str) -> float:
        """Zero if the analyser never gives the label."""
        return self._share(label, sum(self.pairs[other, label] for other in LABELS))

    def recall(self, label: str) -> float:
        return self._share(label, sum(self.pairs[label, other] for other in LABELS))

    def _f1(self, label: str) -> float:
        precision, recall = self.precision(label), self.recall(label)
        return 2 * precision * recall / (precision + recall) if precision and recall else 0.0

    def _share(self, label: str, total: int) -> float:
        return self.pairs[label, label] / total if total else 0.0


def labelled(part: str) -> list[ChatLine]:
    """The lines of one part, in the order of the file."""
    rows = _FILE.read_text(encoding="utf-8").splitlines()
    lines = [ChatLine(*row.split("\t", 2)) for row in rows if row and not row.startswith("# ") and row != "#"]
    return [line for line in lines if line.part == part]


def agreement(lines: Sequence[ChatLine], label_of: Callable[[str], str]) -> Agreement:
    return Agreement(Counter((line.label, label_of(line.text)) for line in lines))
