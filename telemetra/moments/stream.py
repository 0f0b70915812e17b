"""All detection of moments of one stream: the `StreamDetectors` of the engine."""

from __future__ import annotations

import msgspec

from telemetra.kinds.base import Kind
from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import SECOND, Band, Observation
from telemetra.moments.context import Context, ContextState
from telemetra.moments.heads import Heads, installed_heads
from telemetra.moments.series import SeriesState, SeriesWatch
from telemetra.moments.settings import MomentSettings

FORGET_AFTER_SECONDS = 6 * 3600
"""After a silence so long another broadcast begins: what was usual before says little about it."""


class State(msgspec.Struct):
    """Everything that must survive a restart."""

    observed_until: int
    series: dict[str, SeriesState]
    context: ContextState


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


class MomentDetectors:
    """Watches every series of the kind that names a moment type, and the primary one for its z-score, with `heads`
    (without them, all that are installed)."""

    __slots__ = (
        "_context",
        "_observed_until",
        "_primary",
        "_watches",
    )

    def __init__(
        self, kind: Kind, workspace_id: str, stream_id: str, settings: MomentSettings, heads: Heads | None = None
    ) -> None:
        self._context = context = Context(kind)
        heads = installed_heads() if heads is None else heads
        self._watches = {
            series.name: SeriesWatch(series, workspace_id, stream_id, settings, heads, context, kind.explain)
            for series in kind.series
            if series.up or series.down or series.name == kind.primary
        }
        self._primary = self._watches.get(kind.primary)
        self._observed_until = 0

    def observe(self, observation: Observation, info: StreamInfo) -> list[Moment]:
        self._observed_until = observation.end
        watches = self._watches.values()
        self._context.push(observation, calm=all(watch.calm for watch in watches))
        primary = self._primary
        if primary is None:  # a kind without series
            return []
        moments = primary.observe(observation, info, busy=False)
        for watch in watches:
            if watch is not primary:
                moments += watch.observe(observation, info, busy=primary.busy)
        return moments

    def skip(self, to: int) -> list[Moment]:
        forget = to - self._observed_until >= FORGET_AFTER_SECONDS * SECOND
        moments = [moment for watch in self._watches.values() for moment in watch.skip(forget=forget)]
        self._context.skip(forget=forget)
        return moments

    def close(self) -> list[Moment]:
        return [moment for watch in self._watches.values() for moment in watch.close()]

    def configure(self, settings: MomentSettings) -> None:
        for watch in self._watches.values():
            watch.configure(settings)

    @property
    def z_score(self) -> float | None:
        return None if self._primary is None else self._primary.z_score

    @property
    def baseline(self) -> Band | None:
        return None if self._primary is None else self._primary.baseline

    def state(self) -> bytes:
        series = {name: watch.state() for name, watch in self._watches.items()}
        return _encode(State(self._observed_until, series, self._context.state()))

    def restore(self, state: bytes) -> None:
        restored = _decode(state)
        self._observed_until = restored.observed_until
        self._context.restore(restored.context)
        for name, watch in self._watches.items():
            if name in restored.series:
                watch.restore(restored.series[name])
