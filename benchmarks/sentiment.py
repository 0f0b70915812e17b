"""Sentiment against VADER's own analyser: agreement with labelled chat lines, and speed.

    .venv/bin/python -m benchmarks.sentiment            # prints; --write also writes docs/evaluation/sentiment.md

The labelled lines are those of tests/data/sentiment; what its parts mean stands there. VADER is the package
vaderSentiment, whose lexicon Telemetra reads too; its usual thresholds (0.05) are taken. Speed is CPU time per message
of one process, medians of interleaved rounds over the same messages for both. VADER remembers nothing, so that
it has no repeated messages.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import string
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.support import chat, report
from telemetra.garbage import collect_rarely
from telemetra.text import reading, sentiment
from tests.support.chat_lines import LABELS, PARTS, Agreement, agreement, labelled

PAGE = Path(__file__).resolve().parents[1] / "docs/evaluation/sentiment.md"
TEMPLATE = Path(__file__).parent / "support/sentiment.md"
VADER_THRESHOLD = 0.05
MESSAGES = 4_000
VADER_EVERY = 4
"""VADER is given every fourth message: it is slow, and its cost does not depend on what came before."""
WORDS_A_MESSAGE = 6
ROUNDS = 5
TARGETS = {"repeated": 5, "new, known words": 30, "new words": 30}

OURS, VADER, NEUTRAL = "Telemetra", "VADER", "always neutral"

_vader = SentimentIntensityAnalyzer()


class Speed(NamedTuple):
    """Microseconds of CPU a message; the peer's is None where it cannot do the same."""

    messages: str
    ours: float
    vader: float | None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tiny", action="store_true", help="a size that only shows that it works")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} in docs/evaluation")
    given = parser.parse_args(argv)
    collect_rarely()  # for both, as the pipeline's process does
    messages, rounds = (200, 1) if given.tiny else (MESSAGES, ROUNDS)
    report.heading("Sentiment", chat.source(), f"{messages:,} messages a round, {rounds} rounds")
    found = {part: {name: agreement(labelled(part), label) for name, label in ANALYSERS.items()} for part in PARTS}
    tables = {
        "agreement": table_of_agreement(found),
        "classes": table_of_classes(found),
        "confusion": table_of_confusion(found["fresh"][OURS]),
        "speed": table_of_speed(list(speeds(messages, rounds))),
        "machine": report.machine().partition(";")[0],
        "chat": chat.source(),
    }
    for name in ("agreement", "classes", "confusion", "speed"):
        print(f"\n{tables[name]}")
    if given.write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(tables), encoding="utf-8")


def our_label(text: str) -> str:
    score = sentiment.score(text)
    return label_of(score, sentiment.POSITIVE, sentiment.NEGATIVE)


def vader_label(text: str) -> str:
    return label_of(_vader.polarity_scores(text)["compound"], VADER_THRESHOLD, -VADER_THRESHOLD)


def label_of(score: float, positive: float, negative: float) -> str:
    return "positive" if score >= positive else "negative" if score <= negative else "neutral"


ANALYSERS: dict[str, Callable[[str], str]] = {OURS: our_label, VADER: vader_label, NEUTRAL: lambda _: "neutral"}


def table_of_agreement(found: dict[str, dict[str, Agreement]]) -> str:
    rows = []
    for part, by_name in found.items():
        for name, each in by_name.items():
            count = each.pairs.total()
            margin = 1.96 * (each.accuracy * (1 - each.accuracy) / count) ** 0.5
            accuracy = f"{100 * each.accuracy:.1f} ± {100 * margin:.1f}"
            rows.append((part, str(count), name, accuracy, f"{100 * each.macro_f1:.1f}"))
    return table(("part", "lines", "analyser", "accuracy, %", "macro-F1, %"), rows)


def table_of_classes(found: dict[str, dict[str, Agreement]]) -> str:
    rows = [
        (part, name, *(f"{100 * each.precision(label):.0f} / {100 * each.recall(label):.0f}" for label in LABELS))
        for part, by_name in found.items()
        for name, each in by_name.items()
        if name != NEUTRAL
    ]
    return table(("part", "analyser", *LABELS), rows)


def table_of_confusion(each: Agreement) -> str:
    rows = [(label, *(str(each.pairs[label, answer]) for answer in LABELS)) for label in LABELS]
    return table(("label", *(f"said {answer}" for answer in LABELS)), rows)


def table_of_speed(rows: Sequence[Speed]) -> str:
    cells = [
        (
            row.messages,
            f"{row.ours:.1f}",
            str(TARGETS.get(row.messages, "")),
            "" if row.vader is None else f"{row.vader:.0f}",
            "" if row.vader is None else f"{row.vader / row.ours:.1f}",
        )
        for row in rows
    ]
    return table(("messages", "Telemetra, µs", "at most", "VADER, µs", "VADER / Telemetra"), cells)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def speeds(messages: int, rounds: int) -> Iterator[Speed]:
    words = sorted(set(chain.from_iterable(line.text.split() for part in PARTS for line in labelled(part))))
    forget()
    ours(words)
    repeated = known_words(words, messages, round_number=-1)
    ours(repeated)
    yield Speed("repeated", median_of(rounds, lambda _: ours(repeated)), None)
    yield compared("new, known words", rounds, partial(known_words, words, messages))
    yield compared("new words", rounds, partial(new_words, messages))
    texts = [line.text for line in chat.lines()][: 10 * messages if messages < MESSAGES else None]
    yield compared("a whole chat from its start, repeats as they came", rounds, lambda _: texts, first=forget)


def compared(
    name: str, rounds: int, make: Callable[[int], Sequence[str]], first: Callable[[], None] = lambda: None
) -> Speed:
    """`make` is given the round's number, so that no round's messages have been seen before."""

    def mine(number: int) -> float:
        first()
        return ours(make(number))

    found = report.interleaved(rounds, {OURS: mine, VADER: lambda number: vaders(make(number)[::VADER_EVERY])})
    return Speed(name, statistics.median(found[OURS]), statistics.median(found[VADER]))


def median_of(rounds: int, measure: Callable[[int], float]) -> float:
    return statistics.median(report.interleaved(rounds, {OURS: measure})[OURS])


def known_words(words: Sequence[str], messages: int, round_number: int) -> list[str]:
    chance = random.Random(f"known {round_number}")
    return [" ".join(chance.choices(words, k=WORDS_A_MESSAGE)) for _ in range(messages)]


def new_words(messages: int, round_number: int) -> list[str]:
    chance = random.Random(f"new {round_number}")
    return [
        " ".join("".join(chance.choices(string.ascii_lowercase, k=7)) for _ in range(WORDS_A_MESSAGE))
        for _ in range(messages)
    ]


def ours(texts: Sequence[str]) -> float:
    return microseconds(sentiment.score, texts)


def vaders(texts: Sequence[str]) -> float:
    return microseconds(_vader.polarity_scores, texts)


def microseconds(analyse: Callable[[str], object], texts: Sequence[str]) -> float:
    gc.collect()
    start = time.process_time()
    for text in texts:
        analyse(text)
    return 1e6 * (time.process_time() - start) / len(texts)


def forget() -> None:
    """As if the process had just started."""
    reading.TOKENS.clear()
    reading._read = reading._reader(reading.TOKENS)


if __name__ == "__main__":
    main()
