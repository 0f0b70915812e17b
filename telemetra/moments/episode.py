"""An open moment with what is known about it, and its form as a `Moment`."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.kinds.base import Series
from telemetra.model.moment import Moment, moment_id
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.moments.cause import UNKNOWN, cause_of
from telemetra.moments.evidence import Counts, top
from telemetra.moments.policy import Alarm
from telemetra.moments.scale import z_of
from telemetra.moments.settings import MomentSettings

_TOP_MESSAGES = 5
_TOP_EMOTES = 10
_MOST_POINTS = 180


class Episode(msgspec.Struct):
    """What is kept of a moment while it lasts, beside its alarm; plain data.

    `windows`: (end, value) from five minutes before it was noticed. `events`: how many events its hops held so far
    (count series). `started_at`: of the stream, microseconds.
    """

    version: int
    started_at: int | None
    windows: list[tuple[int, float]]
    evidence: Counts
    events: float

    def add_window(self, end: int, value: float) -> None:
        self.windows.append((end, value))
        if len(self.windows) > _MOST_POINTS:
            # Bounded whatever the settings: a long moment is drawn more coarsely.
            del self.windows[1:-1:2]


def to_moment(
    *,
    workspace_id: str,
    stream_id: str,
    moment_type: str,
    series: Series,
    settings: MomentSettings,
    alarm: Alarm,
    episode: Episode,
    ended_at: int | None,
) -> Moment:
    """The moment in its present version; `ended_at` is None while it lasts."""
    up = moment_type == series.up
    opening = z_of(settings.open_score) * alarm.scale
    return Moment(
        moment_id=moment_id(workspace_id, stream_id, moment_type, series.metric_name, alarm.onset),
        version=episode.version,
        workspace_id=workspace_id,
        stream_id=stream_id,
        timestamp=alarm.onset,
        ended_at=ended_at,
        moment_type=moment_type,
        description=_describe(series, alarm, up),
        metric_name=series.metric_name,
        metric_value=alarm.peak,
        threshold=round(max(alarm.level + opening, series.least) if up else alarm.level - opening, 3),
        z_score=round(alarm.z, 3),
        severity=round(alarm.severity, 4),
        metadata=_metadata(series, settings, alarm, episode),
    )


def _metadata(series: Series, settings: MomentSettings, alarm: Alarm, episode: Episode) -> dict[str, Any]:
    cause = cause_of(episode.evidence, episode.events) if series.count else UNKNOWN
    evidence = episode.evidence
    started_at = episode.started_at
    return {
        "peak_at": rfc3339(alarm.peak_at),
        "baseline": {"level": round(alarm.level, 3), "scale": round(alarm.scale, 3)},
        "series": [[rfc3339(end), value] for end, value in episode.windows],
        "top_messages": [{"text": text, "count": n} for text, n in top(evidence.get("messages", {}), _TOP_MESSAGES)],
        "top_emotes": [{"name": name, "count": n} for name, n in top(evidence.get("emotes", {}), _TOP_EMOTES)],
        "stream_offset_seconds": None if started_at is None else max(0, alarm.onset - started_at) / SECOND,
        "cause": cause.name,
        "confidence": cause.confidence,
        "facts": cause.facts,
        "detector": {"head": "burst", **msgspec.structs.asdict(settings)},
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _describe(series: Series, alarm: Alarm, up: bool) -> str:
    """`Chat rose to 412 messages a minute, 5.2 times the usual 79.`"""
    unit = f" {series.unit} a minute" if series.count and series.unit else ""
    verb = "rose" if up else "fell"
    head = f"{series.name.capitalize()} {verb} to {_number(alarm.peak)}{unit}"
    if up and alarm.level >= 1:
        return f"{head}, {alarm.peak / alarm.level:.1f} times the usual {_number(alarm.level)}."
    return f"{head}; usual are {_number(alarm.level)}."
