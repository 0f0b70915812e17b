"""The vocabulary in which a kind of stream is declared. Everything else reads these declarations.

A kind names its event types, its measures (what a window counts), the series that the detectors watch and the table
that its minutes go to. Adding a kind is adding one file that builds a `Kind` and naming it in the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from telemetra.model.event import Event
from telemetra.model.window import MINUTE

EVENT_COUNT = "event_count"
"""The column that every kind has: all counted events of the minute. It tells whether the archive still holds them."""

GAUGE_MAX_AGE = 10 * MINUTE
"""A reading older than this says nothing of a window (microseconds)."""


class Entries(NamedTuple):
    """What a lane gets, by columns: the `times` of events (microseconds) and their decoded `data` (instances of the
    event type's model), in log order."""

    times: list[int]
    data: list[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One stored column of a measure: its name and its PostgreSQL type."""

    name: str
    sql_type: str


class Measure(Protocol):
    """How one thing is counted in a window. States are mergeable: a minute is the merge of its six hops.

    The engine calls `create` once per hop, `add` with the hop's entries of each of the measure's lanes in log order
    (any number of times: the result must not depend on how the entries were batched), `merge` over hops in time
    order (the first may be a merge itself), and `finish` on the merged state. `finish` gives a value per column, and
    may give more for series, evidence and presentation. A measure without columns is for the detectors alone: it is
    finished for single hops and never for minutes. A measure that `carries` is also given the merged state of all
    earlier minutes, so that a gauge can show its last reading; that state must be made of numbers, strings, lists
    and None.
    """

    @property
    def name(self) -> str: ...

    @property
    def lanes(self) -> frozenset[str]: ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def carries(self) -> bool: ...

    def create(self) -> Any: ...

    def add(self, state: Any, entries: Entries) -> Any: ...

    def merge(self, states: Sequence[Any]) -> Any: ...

    def finish(self, state: Any, window: Window) -> dict[str, Any]: ...


class Window(NamedTuple):
    """What `finish` may know: the end of the window (microseconds), the seconds it covers, the carried state."""

    end: int
    seconds: float
    previous: Any = None


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type: its data model (decoded strictly), and what else is done with its events.

    `check`: refuses data that the model alone cannot, as (field, reason). `lane`: the lane of measures that an event
    feeds, by its stream_id and data (by default the lane named like the type; None: no measure). `unique`: the data
    field that identifies the fact in its workspace (a repeat under another event_id is a duplicate). `table` takes one
    row per counted event (`row` gives its columns beside workspace and stream, `timestamp` among them): keyed by the
    unique field, with the columns partition and log_offset, or else by stream and timestamp. `describe`: the stream
    fields that the event sets.
    """

    name: str
    model: type[msgspec.Struct]
    check: Callable[[Any], tuple[str, str] | None] | None = None
    lane: Callable[[str, Any], str | None] | None = None
    unique: str | None = None
    table: str | None = None
    row: Callable[[Event, Any], dict[str, Any]] | None = None
    describe: Callable[[Event, Any], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One number per hop that detectors watch: `value` takes the finished measures of one hop.

    A series has one of three forms. `count`: a sum of events (empty hops count as 0, the baseline has a floor of the
    square root of the mean, and a window's value is the sum of its hops). With `weight`: a mean; `value` is a hop's
    sum and `weight` the number of its events, a window's value is all of the one over all of the other, and a window
    of less than `least_weight` says nothing. Otherwise a gauge (empty hops are skipped and a window's value is the
    last reading).

    `up` and `down` name the moment types raised; both may be the same. `spread` is the share of its level by which
    such a series ordinarily varies (a mean: the standard deviation of one event); it stands for history while there is
    little. `step` is an ordinary event of a count of amounts: the floor is then the square root of mean times step; 0
    where none is known, as of amounts in any unit.
    It is also the noise of a gauge that counts heads; 0 for one that does not, such as a price.
    A window value below `least` is no rise, and a level below `least` nothing to fall from, worth a moment; for a mean
    it is the least change. `fall`: the share of its level at or below which a window has fallen. `explained`: the
    share of the distance from its level that is enough for a rise whose cause is clear.
    """

    name: str
    metric_name: str
    count: bool
    value: Callable[[Mapping[str, Any]], float | None]
    up: str | None = None
    down: str | None = None
    unit: str = ""
    spread: float = 0.25
    least: float = 0.0
    step: float = 1.0
    fall: float = 1.0
    explained: float = 1.0
    weight: Callable[[Mapping[str, Any]], float] | None = None
    least_weight: float = 0.0


Form = Literal["count", "level", "rate", "score", "money", "price", "top"]
Drawing = Literal["line", "area", "bars", "none"]


@dataclass(frozen=True, slots=True)
class Metric:
    """How people are shown one field of `present`.

    `form` says what the number is: a count of the minute, a level at its end, a rate per minute, a score from -1 to 1,
    money (a decimal string, in `unit`), a price (likewise), or `top`: a list of {name, count}. `draw` is its chart,
    with those of the other metrics in the order of declaration. A `headline` stands in lists and tiles; at most three
    are shown in a list. `known` names the field that is false where this one says nothing.
    """

    name: str
    label: str
    form: Form
    unit: str = ""
    draw: Drawing = "none"
    headline: bool = False
    known: str | None = None


Counts = Mapping[str, Mapping[str, int]]
"""Evidence name to value to count."""


class Situation(NamedTuple):
    """What is known of a moment when it is explained. `facts` and `counts` are sums since its onset; `usual` are those
    of an ordinary hop before it, `usual_counts` likewise, and `known_hops` says how much these are built on (0 at
    first). `happenings`: what was announced since three minutes before the onset."""

    moment_type: str
    onset: int
    hops: int
    facts: Mapping[str, float]
    usual: Mapping[str, float]
    counts: Counts
    usual_counts: Mapping[str, Mapping[str, float]]
    known_hops: float
    happenings: Sequence[Mapping[str, Any]]


class Cause(NamedTuple):
    """`name` of the cause, `confidence` in it (0..1), the `facts` that speak for it, and how it `reads` in a sentence
    (`after a raid of 350 viewers from X`; empty: nothing to say)."""

    name: str
    confidence: float
    facts: dict[str, Any]
    reads: str = ""


UNKNOWN = Cause("unknown", 0.0, {})


Explain = Callable[[Situation], Cause]


def unexplained(situation: Situation) -> Cause:
    return UNKNOWN


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of stream, declared in full.

    `primary` names the series whose z-score stands in the minute rows. `present` turns a stored or provisional minute
    (values by column, seconds covered) into the API's metrics fields. `evidence` maps an evidence name to the
    finished value of a hop that holds its (value, count) pairs; of those in `compared` detectors also remember what is
    usual. `facts` names finished values that add up over hops; `participants` one with the codes of who took part
    (it adds the facts `sampled` and `newcomers`); `happenings` one with what was announced, each with its `time`
    (and `ends`: the stream is about to end).
    `explain` says why a moment happened. `metrics` is what people are shown of a minute; without it they are shown the
    metrics of the series (`shown_metrics`). `line` names the stored column that lists of streams draw.
    """

    name: str
    table: str
    types: Mapping[str, EventType]
    measures: tuple[Measure, ...]
    series: tuple[Series, ...]
    primary: str
    present: Callable[[Mapping[str, Any], float], dict[str, Any]]
    evidence: Mapping[str, str] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    participants: str | None = None
    happenings: str | None = None
    explain: Explain = unexplained
    metrics: tuple[Metric, ...] = ()
    line: str | None = None

    @property
    def has_minutes(self) -> bool:
        """Whether anything is counted. Streams of a kind without measures are stored and pushed and have no minutes,
        and their kind has no table."""
        return bool(self.measures)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for measure in self.measures for column in measure.columns)

    def shown_metrics(self) -> tuple[Metric, ...]:
        """`metrics`, or what can be said from the series alone."""
        return self.metrics or tuple(
            Metric(
                series.metric_name,
                series.metric_name.replace("_", " ").capitalize(),
                "rate" if series.count else "level",
                unit=series.unit,
                draw="line",
                headline=True,
            )
            for series in self.series
        )

    def headlines(self) -> list[str]:
        """The fields that lists of streams show: the headlines, and those that say whether they are known."""
        shown = [metric for metric in self.shown_metrics() if metric.headline]
        return [name for metric in shown for name in (metric.name, metric.known) if name is not None]
