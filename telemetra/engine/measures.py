"""Measures that kinds are built from. All states are exact: integers, sets and counters, never running floats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from telemetra.kinds.base import Column, Entries, Window

MONEY_SCALE = 12
"""Decimals kept of an amount: sums are integers of 10**-12 units, so that no order of additions can differ."""


_MANY = 5
"""From so many times the wanted values on, those that are too rare are left out before the rest is sorted."""


def most_frequent(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """The `most` most frequent values with their counts, ties by value."""
    values: Iterable[str] = counts
    if len(counts) > most * _MANY:
        least = sorted(counts.values())[-most]
        values = [value for value, count in counts.items() if count >= least]
    # Sorted twice and not by a key of both, which would be made for every value.
    ordered = sorted(sorted(values), key=counts.__getitem__, reverse=True)
    return [(value, counts[value]) for value in ordered[:most]]


def _summed(states: Iterable[Mapping[str, int]]) -> dict[str, int]:
    first, *others = states
    merged = dict(first)  # written to in half the time that a Counter takes
    get = merged.get
    for state in others:
        for value, count in state.items():
            merged[value] = get(value, 0) + count
    return merged


class Count:
    """Number of entries of all `lanes`, and with `rate` also that number per second."""

    carries = False

    def __init__(self, name: str, lanes: Iterable[str], column: str, rate: str | None = None) -> None:
        self.name = name
        self.lanes = frozenset(lanes)
        self.columns = (Column(column, "bigint"),) + ((Column(rate, "double precision"),) if rate else ())
        self._column, self._rate = column, rate

    def create(self) -> int:
        return 0

    def add(self, state: int, entries: Entries) -> int:
        return state + len(entries.data)

    def merge(self, states: Sequence[int]) -> int:
        return sum(states)

    def finish(self, state: int, window: Window) -> dict[str, Any]:
        if self._rate is None:
            return {self._column: state}
        return {self._column: state, self._rate: state / window.seconds}


class Distinct:
    """Exact number of distinct values."""

    carries = False

    def __init__(self, name: str, lane: str, column: str, value: Callable[[Any], str]) -> None:
        self.name = name
        self.lanes = frozenset((lane,))
        self.columns = (Column(column, "bigint"),)
        self._column, self._value = column, value

    def create(self) -> set[str]:
        return set()

    def add(self, state: set[str], entries: Entries) -> set[str]:
        state.update(map(self._value, entries.data))
        return state

    def merge(self, states: Sequence[set[str]]) -> set[str]:
        return set().union(*states)

    def finish(self, state: set[str], window: Window) -> dict[str, Any]:
        return {self._column: len(state)}


class Top:
    """The `size` most frequent values as [value, count] pairs: by count, ties by value. Every occurrence counts.
    `values` gives those of each entry.

    Also gives `<name>_all` and `<name>_different`: all values, and the different ones.
    """

    carries = False

    def __init__(
        self,
        name: str,
        lane: str,
        output: str,
        values: Callable[[Entries], Iterable[Iterable[str]]],
        size: int,
    ) -> None:
        self.name = name
        self.lanes = frozenset((lane,))
        self.columns = (Column(output, "jsonb"),)
        self._output, self._values, self._size = output, values, size
        self._all, self._different = f"{name}_all", f"{name}_different"

    def create(self) -> Counter[str]:
        return Counter()

    def add(self, state: Counter[str], entries: Entries) -> Counter[str]:
        state.update(chain.from_iterable(self._values(entries)))
        return state

    def merge(self, states: Sequence[Mapping[str, int]]) -> dict[str, int]:
        return _summed(states)

    def finish(self, state: Mapping[str, int], window: Window) -> dict[str, Any]:
        return {
            self._output: [[value, count] for value, count in most_frequent(state, self._size)],
            self._all: sum(state.values()),
            self._different: len(state),
        }


class Sentiment:
    """Mean of integer scores in 1/10,000, with the number of clearly positive and negative ones. `scores` gives one for
    each entry.

    Also gives what spread and means over hops are made of: `sentiment_number`, `sentiment_sum`, `sentiment_squares`
    (scores as -1..1).
    """

    carries = False
    columns = (
        Column("avg_sentiment", "double precision"),
        Column("positive_count", "bigint"),
        Column("negative_count", "bigint"),
    )

    def __init__(self, lane: str, scores: Callable[[Entries], list[int]], positive: int, negative: int) -> None:
        self.name = "sentiment"
        self.lanes = frozenset((lane,))
        self._scores, self._positive, self._negative = scores, positive, negative

    def create(self) -> list[int]:
        return [0, 0, 0, 0, 0]

    def add(self, state: list[int], entries: Entries) -> list[int]:
        positive, negative = self._positive, self._negative
        scores = self._scores(entries)
        state[0] += len(scores)
        state[1] += sum(scores)
        for value in scores:
            if value:
                state[4] += value * value
                if value >= positive:
                    state[2] += 1
                if value <= negative:
                    state[3] += 1
        return state

    def merge(self, states: Sequence[list[int]]) -> list[int]:
        return [sum(column) for column in zip(*states, strict=True)]

    def finish(self, state: list[int], window: Window) -> dict[str, Any]:
        number, total, positive, negative, squares = state
        mean = total / (number * 10_000) if number else None
        return {
            "avg_sentiment": mean,
            "positive_count": positive,
            "negative_count": negative,
            "sentiment_number": number,
            "sentiment_sum": total / 10_000,
            "sentiment_squares": squares / 10_000**2,
        }


class Money:
    """Exact sums per currency; `revenue` is the sum in one currency, with bits at 0.01 USD each where that is USD."""

    carries = False
    columns = (Column("revenue", "numeric"), Column("revenue_by_currency", "jsonb"))

    def __init__(self, lane: str, amount: Callable[[Any], tuple[str, Decimal]], currency: str) -> None:
        self.name = "revenue"
        self.lanes = frozenset((lane,))
        self._amount, self._currency = amount, currency

    def create(self) -> Counter[str]:
        return Counter()

    def add(self, state: Counter[str], entries: Entries) -> Counter[str]:
        for data in entries.data:
            currency, amount = self._amount(data)
            state[currency] += int(amount.scaleb(MONEY_SCALE))
        return state

    def merge(self, states: Sequence[Mapping[str, int]]) -> dict[str, int]:
        return _summed(states)

    def finish(self, state: Mapping[str, int], window: Window) -> dict[str, Any]:
        if not state:
            return {"revenue": _NO_MONEY, "revenue_by_currency": {}}
        revenue = state.get(self._currency, 0)
        if self._currency == "USD":
            revenue += state.get("bits", 0) // 100
        by_currency = {currency: str(money(state[currency])) for currency in sorted(state)}
        return {"revenue": money(revenue), "revenue_by_currency": by_currency}


def money(scaled: int) -> Decimal:
    """A sum in 10**-12 units as a Decimal without needless zeros, two decimals at least."""
    digits = str(abs(scaled)).rjust(MONEY_SCALE + 1, "0")
    fraction = digits[-MONEY_SCALE:].rstrip("0").ljust(2, "0")
    return Decimal(f"{'-' if scaled < 0 else ''}{digits[:-MONEY_SCALE]}.{fraction}")


_NO_MONEY = money(0)


class Gauge:
    """The last reading by event time (ties: the later in the log), and the mean of the window's readings.

    Gives `<column>` (the last reading at or before the window's end if younger than `max_age`, else 0), `<known>`,
    `<mean>` (of the window's readings, or that same value) and `last_reading` (of the window alone, or None). Also
    `<name>_sum` and `<name>_readings` of the window.
    State: [time, value, sum, readings].
    """

    carries = True

    def __init__(
        self,
        name: str,
        lane: str,
        *,
        column: str,
        mean: str,
        known: str,
        value: Callable[[Any], int],
        max_age: int,
    ) -> None:
        self.name = name
        self.lanes = frozenset((lane,))
        self.columns = (Column(mean, "double precision"), Column(column, "bigint"), Column(known, "boolean"))
        self._column, self._mean, self._known = column, mean, known
        self._sum, self._readings = f"{name}_sum", f"{name}_readings"
        self._value, self._max_age = value, max_age

    def create(self) -> list[int]:
        return [0, 0, 0, 0]

    def add(self, state: list[int], entries: Entries) -> list[int]:
        value = self._value
        for time, data in zip(*entries, strict=True):
            reading = value(data)
            if time >= state[0]:
                state[0], state[1] = time, reading
            state[2] += reading
            state[3] += 1
        return state

    def merge(self, states: Sequence[list[int]]) -> list[int]:
        merged = [0, 0, 0, 0]
        for state in states:
            if state[3] and state[0] >= merged[0]:
                merged[0], merged[1] = state[0], state[1]
            merged[2] += state[2]
            merged[3] += state[3]
        return merged

    def finish(self, state: list[int], window: Window) -> dict[str, Any]:
        last = state if state[3] else window.previous
        known = bool(last) and last[3] > 0 and window.end - last[0] < self._max_age
        value = last[1] if known else 0
        return {
            self._column: value,
            self._known: known,
            self._mean: state[2] / state[3] if state[3] else float(value),
            "last_reading": state[1] if state[3] else None,
            "last_reading_at": last[0] if known else None,
            self._sum: state[2],
            self._readings: state[3],
        }


class Announcements:
    """What was announced in a hop, for the detectors alone: at most `MOST` items that `told` makes of the times of
    its events and their data."""

    carries = False
    columns: tuple[Column, ...] = ()
    MOST = 5

    def __init__(self, lane: str, output: str, told: Callable[[int, Any], dict[str, Any] | None]) -> None:
        self.name = output
        self.lanes = frozenset((lane,))
        self._told = told

    def create(self) -> list[dict[str, Any]]:
        return []

    def add(self, state: list[dict[str, Any]], entries: Entries) -> list[dict[str, Any]]:
        for time, data in zip(*entries, strict=True):
            told = self._told(time, data)
            if told is not None and len(state) < self.MOST:
                state.append(told)
        return state

    def merge(self, states: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        return list(chain.from_iterable(states))

    def finish(self, state: list[dict[str, Any]], window: Window) -> dict[str, Any]:
        return {self.name: state.copy()}
