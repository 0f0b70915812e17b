"""The kinds that this process knows, as clients need them to show a stream of any kind."""

from __future__ import annotations

from typing import Literal

import msgspec

from telemetra.kinds.base import Drawing, Form, Kind
from telemetra.operations.services import Services


class ShownMetric(msgspec.Struct):
    """A metrics field and how people are shown it.

    `form` says what the number is: a count of the minute, a level at its end, a rate per minute, a score from -1 to 1,
    money or a price (decimal strings, in `unit`), or `top`, a list of {name, count}. `draw` is its chart. A `headline`
    stands in lists of streams. `known` names the field that is false where this one says nothing.
    """

    name: str
    label: str
    form: Form
    unit: str
    draw: Drawing
    headline: bool
    known: str | None


class RaisedMoment(msgspec.Struct):
    """A type of moment that a series can raise, and whether the series rises or falls then, or may do either."""

    moment_type: str
    direction: Literal["up", "down", "either"]


class WatchedSeries(msgspec.Struct):
    """A series that is watched for moments. The `primary` one is behind z_score and baseline."""

    name: str
    metric_name: str
    unit: str
    primary: bool
    moments: list[RaisedMoment]


class KindDeclaration(msgspec.Struct):
    """What streams of a kind hold: the types of their events, their metrics in the order to show, their series."""

    name: str
    event_types: list[str]
    metrics: list[ShownMetric]
    series: list[WatchedSeries]


def list_kinds(services: Services) -> list[KindDeclaration]:
    """All of them, in the order of the registry."""
    return [_declaration(kind) for kind in services.registry.kinds.values()]


def _declaration(kind: Kind) -> KindDeclaration:
    return KindDeclaration(
        name=kind.name,
        event_types=list(kind.types),
        metrics=[
            ShownMetric(metric.name, metric.label, metric.form, metric.unit, metric.draw, metric.headline, metric.known)
            for metric in kind.shown_metrics()
        ],
        series=[
            WatchedSeries(series.name, series.metric_name, series.unit, series.name == kind.primary, moments)
            for series in kind.series
            for moments in [_moments(series.up, series.down)]
        ],
    )


def _moments(up: str | None, down: str | None) -> list[RaisedMoment]:
    if up is not None and up == down:
        return [RaisedMoment(up, "either")]
    raised = [] if up is None else [RaisedMoment(up, "up")]
    return raised if down is None else [*raised, RaisedMoment(down, "down")]
