"""One series of one stream: its windows, its heads, its alarms, its open moments."""

from __future__ import annotations

import msgspec

from telemetra.kinds.base import Series
from telemetra.model.moment import Moment
from telemetra.model.window import HOP
from telemetra.moments.base import Detector
from telemetra.moments.burst import Burst
from telemetra.moments.episode import Episode, to_moment
from telemetra.moments.evidence import RecentEvidence, merge
from telemetra.moments.policy import Alarm, Change, Reading, Watch, quiet, release, step
from telemetra.moments.settings import MomentSettings
from telemetra.moments.windows import Windows


class SeriesState(msgspec.Struct):
    """Everything of a series that must survive a restart: hops, heads by name, watches and episodes by moment type."""

    z: float | None
    hops: list[float | None]
    heads: dict[str, list[float]]
    watches: dict[str, Watch]
    episodes: dict[str, Episode]


class SeriesWatch:
    """Feeds every window of a series to its heads and the highest score to the policy, once per direction."""

    def __init__(self, series: Series, workspace_id: str, stream_id: str, settings: MomentSettings) -> None:
        self._series = series
        self._workspace_id = workspace_id
        self._stream_id = stream_id
        self.settings = settings
        self._windows = Windows(count=series.count)
        self._watches = {
            moment_type: Watch(up=moment_type == series.up, least=series.least)
            for moment_type in (series.up, series.down)
            if moment_type is not None
        }
        self._episodes: dict[str, Episode] = {}
        self.z_score: float | None = None
        self._start_afresh()

    def _start_afresh(self) -> None:
        # The burst head also tells what is usual; further heads only add their score.
        self._burst = Burst(count=self._series.count, spread=self._series.spread)
        self._heads: dict[str, Detector] = {"burst": self._burst}

    def observe(self, value: float | None, end: int, evidence: RecentEvidence, started_at: int | None) -> list[Moment]:
        """Take in one hop; the moments that opened, rose or closed with it."""
        hop = None if value is None else float(value)
        window = self._windows.push(hop)
        if window is None:
            self.z_score = None
            reading = quiet(end, self._burst.level, self._burst.scale)
        else:
            score = max(head.observe(window, end) for head in self._heads.values())
            burst = self._burst
            self.z_score = burst.z
            reading = Reading(end, window, score, burst.z or 0.0, burst.level, burst.scale, self._windows.last())
        moments = []
        for moment_type, watch in self._watches.items():
            episode = self._episodes.get(moment_type)
            if episode is not None:
                episode.events += hop or 0.0
                merge(episode.evidence, evidence.hops[-1])
                if window is not None:
                    episode.add_window(end, window)
            change = step(watch, reading, self.settings)
            if change is None or watch.alarm is None:
                continue
            if episode is None:
                episode = self._begin(watch.alarm, end, evidence, started_at)
                self._episodes[moment_type] = episode
            closed = change is Change.CLOSED
            moments.append(self._emit(moment_type, watch.alarm, episode, closed=closed))
            if closed:
                self._finish(moment_type, end)
        return moments

    def skip(self, *, forget: bool) -> list[Moment]:
        """Close what is open and begin new windows after a gap; `forget` what was usual."""
        moments = self.close()
        self._windows.hops.clear()
        self.z_score = None
        if forget:
            self._start_afresh()
        else:
            for head in self._heads.values():
                head.skip()
        return moments

    def close(self) -> list[Moment]:
        """Close what is open, as of its last active hop."""
        moments = []
        for moment_type, watch in self._watches.items():
            if watch.alarm is not None:
                moments.append(self._emit(moment_type, watch.alarm, self._episodes[moment_type], closed=True))
                self._finish(moment_type, watch.alarm.active_until)
        return moments

    def state(self) -> SeriesState:
        heads = {name: head.state() for name, head in self._heads.items()}
        return SeriesState(self.z_score, self._windows.hops, heads, self._watches, self._episodes)

    def restore(self, state: SeriesState) -> None:
        self.z_score = state.z
        self._windows.hops = state.hops
        for name, head in self._heads.items():
            if name in state.heads:
                head.restore(state.heads[name])
        for moment_type in self._watches:
            if moment_type in state.watches:
                self._watches[moment_type] = state.watches[moment_type]
        self._episodes = {name: episode for name, episode in state.episodes.items() if name in self._watches}

    def _begin(self, alarm: Alarm, end: int, evidence: RecentEvidence, started_at: int | None) -> Episode:
        hops = (end - alarm.onset) // HOP
        return Episode(
            version=0,
            started_at=started_at,
            windows=self._windows.before(end),
            evidence=evidence.since(hops),
            events=sum(hop or 0.0 for hop in self._windows.hops[-hops:]),
        )

    def _emit(self, moment_type: str, alarm: Alarm, episode: Episode, *, closed: bool) -> Moment:
        episode.version += 1
        return to_moment(
            workspace_id=self._workspace_id,
            stream_id=self._stream_id,
            moment_type=moment_type,
            series=self._series,
            settings=self.settings,
            alarm=alarm,
            episode=episode,
            ended_at=alarm.active_until if closed else None,
        )

    def _finish(self, moment_type: str, end: int) -> None:
        release(self._watches[moment_type], end, self.settings)
        del self._episodes[moment_type]
