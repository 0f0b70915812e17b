"""Agreement with the labelled chat lines that may be looked at; the other parts are for benchmarks/sentiment.py."""

from __future__ import annotations

from collections import Counter

from telemetra.text.sentiment import NEGATIVE, POSITIVE, score
from tests.support.chat_lines import LABELS, PARTS, agreement, labelled


def label_of(text: str) -> str:
    value = score(text)
    return "positive" if value >= POSITIVE else "negative" if value <= NEGATIVE else "neutral"


def test_the_lines_looked_at_are_judged_as_a_person_would() -> None:
    found = agreement(labelled("seen"), label_of)
    assert found.accuracy >= 0.92
    assert found.macro_f1 >= 0.92
    assert all(found.precision(label) >= 0.88 and found.recall(label) >= 0.88 for label in LABELS)


def test_the_lines_are_many_distinct_and_of_each_label() -> None:
    lines = [line for part in PARTS for line in labelled(part)]
    assert len(lines) >= 1_300
    assert len({line.text for line in lines}) == len(lines)
    assert {line.label for line in lines} == set(LABELS)
    assert min(Counter(line.label for line in labelled("fresh")).values()) >= 50
