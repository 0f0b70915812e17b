"""The port between the engine and the detection of moments. Pure: values in, values out, state as plain data."""

from __future__ import annotations

from typing import Protocol

from telemetra.model.moment import Moment
from telemetra.model.stream import StreamInfo
from telemetra.model.window import Band, Observation
from telemetra.moments.settings import MomentSettings


class Detector(Protocol):
    """A head: one series in, one calibrated score out, at most 500 numbers of state and 15 microseconds a value.

    `observe` takes the value of the 60 s window that ends at `time`, once per hop in time order, and answers 0..1 on
    the scale of `scale.py`. `skip` says that the next value does not continue the last ones (a gap in time).
    """

    def observe(self, value: float, time: int) -> float: ...

    def skip(self) -> None: ...

    def state(self) -> list[float]: ...

    def restore(self, state: list[float]) -> None: ...


class StreamDetectors(Protocol):
    """All detection of one stream: heads per series, alarm policy, evidence.

    The engine calls `observe` once per hop in time order when the watermark first reaches the hop's end, `skip` when
    a gap of more than ten minutes was passed over (`to` is the start of the next hop that will be observed), and
    `close` when the stream has been silent for so long that its minutes are final.
    All return the moments that opened, changed or closed, each with its next version; a `close` that returns none has
    changed nothing. The results depend only on the sequence of calls, never on a clock. `restore` of `state` gives a
    detector that goes on exactly as this one.
    """

    def observe(self, observation: Observation, info: StreamInfo) -> list[Moment]: ...

    def skip(self, to: int) -> list[Moment]: ...

    def close(self) -> list[Moment]: ...

    def configure(self, settings: MomentSettings) -> None:
        """From the next call on, these settings hold; what is open goes on under them."""

    @property
    def z_score(self) -> float | None:
        """Signed robust z-score of the primary series' 60 s window that ended with the last observed hop."""

    @property
    def baseline(self) -> Band | None:
        """What was usual when that window was judged; None where there is no z-score."""

    def state(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...
