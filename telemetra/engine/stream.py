"""One stream in memory: its open hops, watermark, finality and remembered ids (SPEC 4, Windows).

Nothing here reads a clock. What happens depends only on the order of events in the log, but for `close_idle`, whose
moment the pipeline chooses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from telemetra.engine.plan import Hop, KindPlan
from telemetra.kinds.base import Entries, Window
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo, StreamState
from telemetra.model.window import HOP, HOPS_PER_WINDOW, MINUTE, SECOND, MinuteRow, Snapshot, hop_start, minute_start
from telemetra.moments.base import StreamDetectors
from telemetra.moments.settings import MomentSettings

MOST_PENDING = 1_000
"""Entries that wait to be taken into the states of a hop: so memory does not grow with the events of a busy one."""

MAX_OBSERVED_GAP = 10 * MINUTE
"""Hops without events are shown to the detectors up to this gap; a longer one is skipped."""


class OpenMinute:
    """A minute that is not final: the ids of its events by source, and the lowest log offset of one."""

    __slots__ = ("first_offset", "ids")

    def __init__(self, first_offset: int) -> None:
        self.first_offset = first_offset
        self.ids: dict[str, list[str]] = {}


class OpenStream:
    """The windows of one stream. Public attributes are read and written by the engine's loop."""

    __slots__ = (
        "_anomaly_z",
        "_behind",
        "_behind_starts",
        "_carry",
        "_detectors",
        "_detectors_changed",
        "_last_data_end",
        "_lateness",
        "_minute_baselines",
        "_minute_z",
        "dirty",
        "final_until",
        "hops",
        "idle_closed_at",
        "info",
        "kind",
        "minutes",
        "moments",
        "newest",
        "newest_received_at",
        "next_step",
        "observed_until",
        "plan",
        "rows",
        "seen",
        "stream_id",
        "touched_at",
        "watermark",
        "workspace_id",
    )

    def __init__(
        self, plan: KindPlan, state: StreamState, detectors: StreamDetectors, *, allowed_lateness: int, anomaly_z: float
    ) -> None:
        self.plan = plan
        self.kind = plan.kind
        self.workspace_id, self.stream_id = state.workspace_id, state.stream_id
        self.info: StreamInfo = state.info
        self.watermark = state.watermark
        self.final_until = state.final_until
        self.observed_until = state.observed_until
        self.seen: dict[str, set[str]] = {}
        self.minutes: dict[int, OpenMinute] = {}
        self.hops: dict[int, Hop] = {}
        self.dirty: set[int] = set()
        self.touched_at = 0.0
        self.idle_closed_at: float | None = None
        self.newest = 0
        self.newest_received_at = 0
        self.moments: list[Moment] = []
        self.rows: list[MinuteRow] = []
        self._behind: list[Hop] = []
        self._behind_starts: list[int] = []
        self._last_data_end = state.last_data_end
        self._carry = state.carry
        self._minute_z = state.minute_z
        self._minute_baselines = state.minute_baselines
        self._detectors = detectors
        self._lateness = allowed_lateness
        self._anomaly_z = anomaly_z
        self.next_step = self._next_step()
        if state.detectors:
            detectors.restore(state.detectors)
        self._detectors_changed = False

    @property
    def key(self) -> StreamKey:
        return self.workspace_id, self.stream_id

    def add(self, offset: int, source: str, ids: list[str], at: int, entries: Mapping[str | None, Entries]) -> None:
        """Count events of the hop that begins at `at`, in a minute that is not final. `ids`: none of them in `seen`,
        where they are remembered by `source`. `entries`: by lane. `offset`: of the first one."""
        start = minute_start(at)
        minute = self.minutes.get(start)
        if minute is None:
            minute = self.minutes[start] = OpenMinute(offset)
        hop = self.hops.get(at)
        if hop is None:
            hop = self.hops[at] = self.plan.new_hop()
        self.dirty.add(start)
        if at in self._behind_starts:
            self._behind, self._behind_starts = [], []  # they are not as they were
        self.seen.setdefault(source, set()).update(ids)
        minute.ids.setdefault(source, []).extend(ids)
        for lane, added in entries.items():
            if lane is not None:
                hop.put(lane, added)
                if len(hop.pending[lane].data) >= MOST_PENDING:
                    self.plan.flush(hop)
                if lane in self.plan.carrying_lanes:
                    # Later minutes without a reading of their own show this one.
                    self.dirty.update(later for later in self.minutes if later > start)

    def follow(self, time: int, received_at: int, delay: int) -> None:
        """Let the watermark follow an event, `delay` behind it. `time` is at most that of its arrival: one clock that
        runs ahead must make nobody late."""
        if time >= self.newest:
            self.newest, self.newest_received_at = time, received_at
            watermark = time - delay
            if watermark >= self.next_step:
                self.advance(watermark)
            elif watermark > self.watermark:
                self.watermark = watermark

    def settle(self) -> None:
        """After a refill: rows of minutes that the watermark has passed are stored already."""
        self.dirty = {start for start in self.dirty if start + MINUTE > self.watermark}

    def configure(self, settings: MomentSettings) -> None:
        """From the next hop on, moments are detected with these settings."""
        self._detectors.configure(settings)

    def advance(self, watermark: int) -> None:
        """Move the watermark: observe the hops that it reached, then make minutes final that it passed."""
        self.watermark = watermark
        reached = hop_start(watermark)
        if reached > self.observed_until:
            self._observe_to(reached)
        final = minute_start(watermark - self._lateness)
        if final > self.final_until:
            self._finalise(final)
        self.next_step = self._next_step()

    def close_idle(self) -> None:
        """A silent stream: its windows that hold data are complete as far as anyone can tell."""
        newest_end = max(self.minutes) + MINUTE
        if newest_end > self.watermark:
            self.advance(newest_end)

    def finalise_idle(self) -> None:
        """A stream that stayed silent: its minutes are final, up to the newest one with data and no further.

        What is open ends: nobody would ever hear of its end if the stream does not come back.
        """
        newest_end = max(self.minutes) + MINUTE
        closed = self._detectors.close()
        if closed:
            self.moments += closed
            self._detectors_changed = True
        if newest_end > self.final_until:
            self._finalise(newest_end)
        self.next_step = self._next_step()

    def take_rows(self) -> list[MinuteRow]:
        """The rows of minutes that the watermark has passed and that changed since the last call."""
        for start in sorted(start for start in self.dirty if start + MINUTE <= self.watermark):
            self._build_row(start)
        rows, self.rows = self.rows, []
        return rows

    def take_moments(self) -> list[Moment]:
        moments, self.moments = self.moments, []
        return moments

    def take_state(self) -> StreamState:
        """What to store, without the detectors' state where it was stored already."""
        detectors = self._detectors.state() if self._detectors_changed else None
        self._detectors_changed = False
        return StreamState(
            workspace_id=self.workspace_id,
            stream_id=self.stream_id,
            info=self.info,
            watermark=self.watermark,
            final_until=self.final_until,
            observed_until=self.observed_until,
            last_data_end=self._last_data_end,
            carry=self._carry,
            minute_z=self._minute_z,
            minute_baselines=self._minute_baselines,
            detectors=detectors,
        )

    def snapshot(self, now: int) -> Snapshot:
        """The provisional last minute at `now` (microseconds): the hop in progress and the five before it.

        The stream's own time is that of its newest event (a sender's clock that runs ahead counts as arrival) plus
        what has passed since that event arrived; so a replayed hour decays like a live one.
        """
        stream_now = max(self.newest + max(now - self.newest_received_at, 0), self.newest)
        current = hop_start(stream_now)
        first = current - (HOPS_PER_WINDOW - 1) * HOP
        hops = self._hops_behind(first, current)
        if current in self.hops:
            hops = [*hops, self.hops[current]]
        seconds = (stream_now - first) / SECOND
        previous = self._carried_before(first)
        values = self.plan.finish(hops or [self.plan.new_hop()], Window(stream_now, seconds, None), previous)
        return Snapshot(
            workspace_id=self.workspace_id,
            stream_id=self.stream_id,
            kind=self.plan.kind.name,
            window_end=stream_now,
            seconds=seconds,
            values=values,
            has_data=bool(hops),
            data_at=self.info.last_event_at,
            z_score=self._detectors.z_score,
            baseline=self._detectors.baseline,
        )

    def _hops_behind(self, first: int, until: int) -> list[Hop]:
        """The hops from `first` to `until`, if any, as one, which is kept while they stay as they are."""
        starts = [start for start in range(first, until, HOP) if start in self.hops]
        if starts != self._behind_starts:
            self._behind = [self.plan.merged([self.hops[start] for start in starts])] if starts else []
            self._behind_starts = starts
        return self._behind

    def _next_step(self) -> int:
        """The watermark at which something happens next."""
        return min(hop_start(self.watermark) + HOP, self.final_until + MINUTE + self._lateness)

    def _observe_to(self, end: int) -> None:
        if not self.kind.series:
            self.observed_until = end
            return
        if self.observed_until == 0:
            # Nothing is known of the time before the first event, so there is nothing to observe there.
            self.observed_until = min([end, *self.hops])
        self._detectors_changed = True
        data_hops = iter(sorted(start for start in self.hops if start >= self.observed_until))
        next_data = next(data_hops, None)
        while self.observed_until < end:
            start = self.observed_until
            if next_data is not None and start < next_data and next_data - self._last_data_end > MAX_OBSERVED_GAP:
                self.moments += self._detectors.skip(next_data)
                self.observed_until = min(next_data, end)
                continue
            hop = None
            if start == next_data:
                hop = self.hops[start]
                next_data = next(data_hops, None)
                self._last_data_end = start + HOP
            self.observed_until = start + HOP
            self.moments += self._detectors.observe(self.plan.observation(start + HOP, hop), self.info)
            if self.observed_until % MINUTE == 0:
                self._minute_z[start := self.observed_until - MINUTE] = self._detectors.z_score
                if (baseline := self._detectors.baseline) is not None:
                    self._minute_baselines[start] = baseline

    def _finalise(self, until: int) -> None:
        self.final_until = until
        for start in sorted(start for start in self.minutes if start < until):
            if start in self.dirty:
                self._build_row(start)
            for source, ids in self.minutes.pop(start).ids.items():
                seen = self.seen[source]
                seen.difference_update(ids)
                if not seen:
                    del self.seen[source]
            self._carry = self.plan.carry(self._carry, self._hops_of(start))
            for at in range(start, start + MINUTE, HOP):
                self.hops.pop(at, None)
        self._minute_z = {start: z for start, z in self._minute_z.items() if start >= until}
        self._minute_baselines = {start: band for start, band in self._minute_baselines.items() if start >= until}

    def _build_row(self, start: int) -> None:
        self.dirty.discard(start)
        if not self.kind.has_minutes:
            return
        values = self.plan.finish(
            list(self._hops_of(start)), Window(start + MINUTE, MINUTE / SECOND), self._carried_before(start)
        )
        z_score = self._minute_z.get(start)
        self.rows.append(
            MinuteRow(
                workspace_id=self.workspace_id,
                stream_id=self.stream_id,
                kind=self.plan.kind.name,
                window_start=start,
                values=values,
                z_score=z_score,
                is_anomaly=z_score is not None and abs(z_score) > self._anomaly_z,
                baseline=self._minute_baselines.get(start),
            )
        )

    def _carried_before(self, time: int) -> dict[str, Any]:
        earlier = [self.hops[start] for start in sorted(self.hops) if start < time]
        return self.plan.carry(self._carry, earlier) if earlier else self._carry

    def _hops_of(self, minute: int) -> Iterator[Hop]:
        return (self.hops[at] for at in range(minute, minute + MINUTE, HOP) if at in self.hops)
