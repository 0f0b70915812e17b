"""One series of one stream: its windows, its heads, its alarms, its open moments."""

from __future__ import annotations

from math import sqrt

import msgspec

from telemetra.kinds.base import Explain, Series
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import HOP, HOPS_PER_WINDOW, MINUTE, Band, Observation
from telemetra.moments import falls
from telemetra.moments.band import band_of
from telemetra.moments.base import Detector
from telemetra.moments.baseline import CountBaseline
from telemetra.moments.burst import Burst
from telemetra.moments.context import Context
from telemetra.moments.episode import Episode, situation_of, to_moment
from telemetra.moments.heads import BURST, Heads, build_burst
from telemetra.moments.policy import SETTLED, Alarm, Change, Reading, Watch, opened, quiet, release, rises_again, step
from telemetra.moments.scale import score_of, z_of
from telemetra.moments.settings import MomentSettings
from telemetra.moments.windows import Windows

_UNKNOWN = Burst(CountBaseline(0.0))
"""Stands for the head of a series that has had no window yet; it is never shown one."""

_NO_SCORES: dict[str, float] = {}
_BUSY_Z = 2.5
_CLEAR = 0.6


class SeriesState(msgspec.Struct):
    """Everything of a series that must survive a restart: hops, heads by name, watches and episodes by direction."""

    z: float | None
    hops: list[float | None]
    heads: dict[str, list[float]]
    watches: dict[str, Watch]
    episodes: dict[str, Episode]
    weights: list[float] = []


class SeriesWatch:
    """Feeds every window of a series to its heads, and the highest score of those that the settings allow to open
    moments to the policy, once per direction. The others' scores are told with the moment."""

    __slots__ = (
        "_awake",
        "_burst",
        "_context",
        "_episodes",
        "_explain",
        "_explained_from",
        "_further",
        "_heads",
        "_series",
        "_stream_id",
        "_types",
        "_watches",
        "_windows",
        "_workspace_id",
        "settings",
        "z_score",
    )

    def __init__(
        self,
        series: Series,
        workspace_id: str,
        stream_id: str,
        settings: MomentSettings,
        heads: Heads,
        context: Context,
        explain: Explain,
    ) -> None:
        self._series = series
        self._context = context
        self._explain = explain
        self._workspace_id = workspace_id
        self._stream_id = stream_id
        self.configure(settings)
        self._further = {name: build for name, build in heads.items() if name != BURST}
        self._heads: dict[str, Detector] = {}
        self._burst = _UNKNOWN
        self._windows = Windows(series)
        least = 0.0 if series.weight is not None else series.least
        self._types = {name: found for name, found in (("up", series.up), ("down", series.down)) if found is not None}
        self._watches = {direction: Watch(up=direction == "up", least=least) for direction in self._types}
        self._episodes: dict[str, Episode] = {}
        self._awake = False  # whether any of the watches has an alarm or is exhausted
        self.z_score: float | None = None

    def configure(self, settings: MomentSettings) -> None:
        self.settings = settings
        self._explained_from = self._series.explained * z_of(settings.open_score)
        """The z-score from which on a rise may be a moment by its cause."""

    def _start(self) -> None:
        """Make the heads, for the first window: many streams end before it, and many series never have one."""
        self._burst = build_burst(self._series)
        self._heads = {BURST: self._burst} | {name: build(self._series) for name, build in self._further.items()}

    @property
    def calm(self) -> bool:
        """Whether no moment is open."""
        return not self._episodes

    @property
    def baseline(self) -> Band | None:
        """What was usual when the last window was judged; None where it has no z-score."""
        if self.z_score is None:
            return None
        distance = z_of(self.settings.open_score) * self._burst.scale
        return band_of(self._series, self._burst.level, distance)

    @property
    def busy(self) -> bool:
        """Whether a rise is under way, told or about to be."""
        return "up" in self._episodes or (self.z_score or 0.0) >= _BUSY_Z

    def observe(self, observation: Observation, info: StreamInfo, *, busy: bool) -> list[Moment]:
        """Take in one hop; the moments that opened, rose or closed with it. `busy`: the primary series is."""
        name, end = self._series.name, observation.end
        window = self._windows.push(observation.values.get(name), observation.weights.get(name, 0.0))
        score, scores = 0.0, _NO_SCORES
        self.z_score = None
        if window is not None:
            if not self._heads:
                self._start()
            self._weigh()
            scores = {name: head.observe(window, end) for name, head in self._heads.items()}
            self.z_score = self._burst.z
            # Without a baseline nobody could say what a moment differs from, or in which direction.
            if self.z_score is not None:
                score = max([scores.get(name, 0.0) for name in self.settings.opening_heads])
        if self._is_nothing(score):
            return []
        burst = self._burst
        if window is None:
            reading = quiet(end, burst.level, burst.scale)
        else:
            reading = Reading(end, window, score, burst.z or 0.0, burst.level, burst.scale, self._windows.last())
        moments = []
        for direction, watch in self._watches.items():
            episode = self._episodes.get(direction)
            if episode is not None:
                episode.evidence.add(self._context.hops[-1])
                episode.evidence.tell(observation.happenings)
                if window is not None:
                    episode.add_window(end, window)
                    episode.add_scores(scores)
            judged = self._judged(reading, watch, live=info.is_live and not self._context.ending, busy=busy)
            if watch.alarm is not None and episode is not None:
                again = self._again(judged, watch, watch.alarm, episode)
                if again is not None:
                    judged, episode = again, None
                    moments.append(self._part(direction, watch.alarm, opened(again).onset))
            change = step(watch, judged, self.settings)
            if change is None or watch.alarm is None:
                continue
            if episode is None:
                episode = self._episodes[direction] = self._begin(watch.alarm, end, info.started_at)
                episode.add_scores(scores)
            closed = change is Change.CLOSED
            moments.append(self._emit(direction, watch.alarm, episode, closed=closed))
            if closed:
                self._finish(direction, end)
        self._look_awake()
        return moments

    def _is_nothing(self, score: float) -> bool:
        """Whether nothing is open and nothing can open, as after nearly every hop."""
        return not (self._awake or score >= self.settings.open_score or (self.z_score or 0.0) >= self._explained_from)

    def _look_awake(self) -> None:
        self._awake = any(watch.alarm is not None or watch.exhausted for watch in self._watches.values())

    def _weigh(self) -> None:
        """Tell the head how sure the last window's mean is."""
        if self._series.weight is not None and (weight := self._windows.weight):
            self._burst.noise = self._series.spread / sqrt(weight)

    def _judged(self, reading: Reading, watch: Watch, *, live: bool, busy: bool) -> Reading:
        """The reading as it counts for a watch: a fall (a mean: any change) must be worth a moment, and a rise need not
        be as high where its cause is clear. A mean that changes as a burst brings other events is part of that burst
        and told with it."""
        mean = self._series.weight is not None
        if reading.score == 0.0:
            return reading
        if mean and busy:
            return reading._replace(score=0.0)
        if mean or not watch.up:
            return reading if falls.worth(self._series, reading, live=live) else reading._replace(score=0.0)
        if watch.alarm is None and self._is_explained(reading, watch):
            return reading._replace(score=self.settings.open_score)
        return reading

    def _again(self, reading: Reading, watch: Watch, alarm: Alarm, episode: Episode) -> Reading | None:
        """The reading with which another moment begins within one that has lasted for a while, if it does."""
        if not self._series.count or reading.end - alarm.onset < SETTLED:
            return None
        since, until = reading.end - SETTLED, reading.end - MINUTE
        before = [value for end, value in episode.windows if since <= end <= until]
        quiet_level = alarm.level + z_of(self.settings.hold_score) * alarm.scale
        if sum(value < quiet_level for value in before) > HOPS_PER_WINDOW:
            return None  # with quiet between them, `merge_seconds` alone says whether bursts are one
        return rises_again(watch, reading, before, self._series.spread, self.settings)

    def _part(self, direction: str, alarm: Alarm, end: int) -> Moment:
        """Close a moment where another one of its kind begins, with the peak that it had until then."""
        episode = self._episodes[direction]
        alarm.active_until = min(alarm.active_until, end)
        alarm.peak, alarm.peak_at = max((value, at) for at, value in episode.windows if alarm.onset < at <= end)
        alarm.z = (alarm.peak - alarm.level) / alarm.scale
        alarm.severity = max(score_of(alarm.z), self.settings.open_score)
        moment = self._emit(direction, alarm, episode, closed=True)
        self._watches[direction].alarm = None
        del self._episodes[direction]
        return moment

    def _is_explained(self, reading: Reading, watch: Watch) -> bool:
        """Whether a rise that alone is too low for a moment is one by what is said in it."""
        if not self._explained_from <= reading.z < z_of(self.settings.open_score) or reading.value < watch.least:
            return False
        start = reading.end - MINUTE
        evidence = self._context.evidence(start, HOPS_PER_WINDOW)
        cause = self._explain(situation_of(self._types["up"], start, evidence, self._context.usual))
        return cause.confidence >= _CLEAR

    def skip(self, *, forget: bool) -> list[Moment]:
        """Close what is open and begin new windows after a gap; `forget` what was usual."""
        moments = self.close()
        self._windows.clear()
        self.z_score = None
        if forget:
            self._heads, self._burst = {}, _UNKNOWN
        else:
            for head in self._heads.values():
                head.skip()
        return moments

    def close(self) -> list[Moment]:
        """Close what is open, as of its last active hop."""
        moments = []
        for direction, watch in self._watches.items():
            if watch.alarm is not None:
                moments.append(self._emit(direction, watch.alarm, self._episodes[direction], closed=True))
                self._finish(direction, watch.alarm.active_until)
        self._look_awake()
        return moments

    def state(self) -> SeriesState:
        heads = {name: head.state() for name, head in self._heads.items()}
        windows = self._windows
        return SeriesState(self.z_score, windows.hops, heads, self._watches, self._episodes, windows.weights)

    def restore(self, state: SeriesState) -> None:
        self.z_score = state.z
        self._windows.hops, self._windows.weights = state.hops, state.weights
        if state.heads:
            self._start()
            self._weigh()
            for name, head in self._heads.items():
                if name in state.heads:
                    head.restore(state.heads[name])
        for direction in self._watches:
            if direction in state.watches:
                self._watches[direction] = state.watches[direction]
        self._episodes = {name: episode for name, episode in state.episodes.items() if name in self._watches}
        self._look_awake()

    def _begin(self, alarm: Alarm, end: int, started_at: int | None) -> Episode:
        return Episode(
            version=0,
            started_at=started_at,
            windows=self._windows.before(end),
            evidence=self._context.evidence(alarm.onset, (end - alarm.onset) // HOP),
        )

    def _emit(self, direction: str, alarm: Alarm, episode: Episode, *, closed: bool) -> Moment:
        episode.version += 1
        return to_moment(
            workspace_id=self._workspace_id,
            stream_id=self._stream_id,
            moment_type=self._types[direction],
            up=direction == "up",
            series=self._series,
            settings=self.settings,
            alarm=alarm,
            episode=episode,
            usual=self._context.usual,
            explain=self._explain,
            ended_at=alarm.active_until if closed else None,
        )

    def _finish(self, direction: str, end: int) -> None:
        release(self._watches[direction], end, self.settings)
        del self._episodes[direction]
