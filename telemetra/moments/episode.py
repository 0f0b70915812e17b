"""An open moment with what is known about it, and its form as a `Moment`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from telemetra.kinds.base import Cause, Explain, Series, Situation
from telemetra.model.moment import Moment, moment_id
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.moments.band import fall_begins, rise_begins
from telemetra.moments.description import describe
from telemetra.moments.evidence import Evidence, top
from telemetra.moments.policy import Alarm
from telemetra.moments.representatives import representatives
from telemetra.moments.scale import z_of
from telemetra.moments.settings import MomentSettings
from telemetra.moments.usual import Usual

_TOP_EMOTES = 10
_MOST_POINTS = 180


class Episode(msgspec.Struct):
    """What is kept of a moment while it lasts, beside its alarm; plain data.

    `windows`: (end, value) from five minutes before it was noticed. `evidence`: of its hops so far. `started_at`: of
    the stream, microseconds. `scores`: the highest of each head so far.
    """

    version: int
    started_at: int | None
    windows: list[tuple[int, float]]
    evidence: Evidence
    scores: dict[str, float] = {}

    def add_scores(self, scores: Mapping[str, float]) -> None:
        for head, score in scores.items():
            self.scores[head] = max(score, self.scores.get(head, 0.0))

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
    up: bool,
    series: Series,
    settings: MomentSettings,
    alarm: Alarm,
    episode: Episode,
    usual: Usual,
    explain: Explain,
    ended_at: int | None,
) -> Moment:
    """The moment in its present version; `ended_at` is None while it lasts."""
    cause = explain(situation_of(moment_type, alarm.onset, episode.evidence, usual))
    return Moment(
        moment_id=moment_id(workspace_id, stream_id, moment_type, series.metric_name, alarm.onset),
        version=episode.version,
        workspace_id=workspace_id,
        stream_id=stream_id,
        timestamp=alarm.onset,
        ended_at=ended_at,
        moment_type=moment_type,
        description=describe(series, alarm, cause, up=up),
        metric_name=series.metric_name,
        metric_value=alarm.peak,
        threshold=round(_threshold(series, settings, alarm, up=up), 3),
        z_score=round(alarm.z, 3),
        severity=round(alarm.severity, 4),
        metadata=_metadata(settings, alarm, episode, cause),
    )


def situation_of(moment_type: str, onset: int, evidence: Evidence, usual: Usual) -> Situation:
    return Situation(
        moment_type=moment_type,
        onset=onset,
        hops=evidence.hops,
        facts=evidence.facts,
        usual=usual.fact_means(),
        counts=evidence.counts,
        usual_counts=usual.count_means(),
        known_hops=usual.hops,
        happenings=evidence.happenings,
    )


def _threshold(series: Series, settings: MomentSettings, alarm: Alarm, *, up: bool) -> float:
    """The value at which it would just have been a moment."""
    distance = z_of(settings.open_score) * alarm.scale
    if up and alarm.peak <= alarm.level + distance:
        distance *= series.explained  # it opened for its clear cause
    return (rise_begins if up else fall_begins)(series, alarm.level, distance)


def _metadata(settings: MomentSettings, alarm: Alarm, episode: Episode, cause: Cause) -> dict[str, Any]:
    counts = episode.evidence.counts
    started_at = episode.started_at
    return {
        "peak_at": rfc3339(alarm.peak_at),
        "baseline": {"level": round(alarm.level, 3), "scale": round(alarm.scale, 3)},
        "series": [[rfc3339(end), value] for end, value in episode.windows],
        "top_messages": representatives(counts.get("messages", {})),
        "top_emotes": [{"name": name, "count": n} for name, n in top(counts.get("emotes", {}), _TOP_EMOTES)],
        "stream_offset_seconds": None if started_at is None else max(0, alarm.onset - started_at) / SECOND,
        "cause": cause.name,
        "confidence": cause.confidence,
        "facts": cause.facts,
        "detector": {
            "head": max(settings.opening_heads, key=lambda head: episode.scores.get(head, 0.0)),
            "scores": {head: round(score, 4) for head, score in episode.scores.items()},
            **msgspec.structs.asdict(settings),
        },
    }
