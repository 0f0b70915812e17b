"""The answers about settings, back-tests and exports of moments; see models.py."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from telemetra.moments.settings import MomentSettings
from telemetra.operations.models import Count, Moment

Share = Annotated[float, Meta(ge=0, le=1)]
NonNegative = Annotated[float, Meta(ge=0)]


class DetectionSettings(msgspec.Struct):
    """How moments are detected: `overrides` is what was set here (for the workspace, or for this stream), `effective`
    what holds: the default configuration under the workspace's overrides under the stream's."""

    stream_id: str | None
    overrides: dict[str, Any]
    effective: MomentSettings


class BacktestRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What would have been detected in [start_time, end_time)? `settings` overrides those that the stream has now."""

    stream_id: Annotated[str, Meta(pattern="^[A-Za-z0-9._:@#-]{1,200}$")]
    start_time: Annotated[datetime, Meta(tz=True)]
    end_time: Annotated[datetime, Meta(tz=True)]
    settings: dict[str, Any] = {}


class BacktestMoment(msgspec.Struct):
    """A moment without the lists of its evidence. `overlaps`: moments of the same type on the other side that share
    time with it."""

    moment_id: UUID
    moment_type: str
    timestamp: datetime
    ended_at: datetime | None
    metric_name: str
    metric_value: float
    z_score: float | None
    severity: Share
    description: str
    cause: str | None
    overlaps: list[UUID]


class BacktestSide(msgspec.Struct):
    """The moments whose onset lies in the range, oldest first. `alone`: how many overlap none of the other side."""

    alarms: Count
    alone: Count
    alarms_per_hour: NonNegative
    moments: list[BacktestMoment]


class Backtest(msgspec.Struct):
    """What would have fired under `settings` (`replayed`), beside what did (`stored`).

    `hours`: time of the range in which the stream was observed (silences of more than ten minutes are not), which
    `alarms_per_hour` divides by. `warm_up_seconds`: from the first event replayed to the range. `whole_history`: the
    replay began with the stream's first event, so with the settings under which the stored moments were found it finds
    exactly those.
    """

    stream_id: str
    start_time: datetime
    end_time: datetime
    events: Count
    hours: NonNegative
    warm_up_seconds: Count
    whole_history: bool
    settings: MomentSettings
    stored: BacktestSide
    replayed: BacktestSide


class ExportedMoment(Moment):
    """A moment with its place in the recording: seconds from the stream's start (or `origin`) to the onset."""

    offset_seconds: float
