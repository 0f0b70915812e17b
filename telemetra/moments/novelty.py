"""The novelty head: how far a value stands outside everything seen so far, as a share of that range."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.moments.novelty_channels import CHANNELS, Channels
from telemetra.moments.scale import LARGEST

_FORGET = 3e-5  # share of its range by which the extremes of a channel close in with every value
_LEAST_RANGE = 0.1  # of a channel in the values' unit, as a share of their range
_IN_VALUES = tuple(not name.startswith("cusum") for name in CHANNELS)
_COLD_VALUES = 1_000
_HALF = 0.1  # the share that has the score 0.5


class Novelty:
    """A `Detector` over several channels of one series, the most novel of which speaks.

    Each channel (`novelty_channels.py`) keeps the lowest and the highest signal so far. A signal that passes them is
    novel by the distance, as a share (at most 1) of the range between them, and has been seen from then on. With few
    values known nearly everything is new: after n values the share is discounted by n / (n + 1000). The score is 0.5
    where a tenth is left of it.
    """

    __slots__ = ("_channels", "_cold", "_forget", "_highs", "_known", "_least", "_lows", "_speaking")

    def __init__(
        self,
        *,
        speaking: Iterable[str] = CHANNELS,
        forget: float = _FORGET,
        least: float = _LEAST_RANGE,
        cold: int = _COLD_VALUES,
    ) -> None:
        """The parts of it, which the ablations take away; there is one configuration for all series."""
        self._forget, self._least, self._cold = forget, least, cold
        names = set(speaking)
        self._speaking = tuple(name in names for name in CHANNELS)
        self._channels = Channels()
        self._known = 0
        self._lows: list[float | None] = [None] * len(CHANNELS)
        self._highs: list[float] = [0.0] * len(CHANNELS)

    def observe(self, value: float, time: int) -> float:
        """The score (0..1) of the value at `time`."""
        if not abs(value) <= LARGEST:
            return 0.0
        self._known += 1
        lows, highs = self._lows, self._highs
        least = 0.0 if lows[0] is None else (highs[0] - lows[0]) * self._least
        novel = 0.0
        forget = self._forget
        for channel, signal in enumerate(self._channels.push(value, time)):
            if signal is None:
                continue
            low, high = lows[channel], highs[channel]
            if low is None:
                lows[channel] = highs[channel] = signal
                continue
            span = high - low
            closer = span * forget
            if low <= signal <= high:
                low, high = low + closer, high - closer
                lows[channel] = low if low < signal else signal
                highs[channel] = high if high > signal else signal
                continue
            if signal > high:
                beyond = signal - high
                lows[channel], highs[channel] = low + closer, signal
            else:
                beyond = low - signal
                lows[channel], highs[channel] = signal, high - closer
            if self._speaking[channel]:
                if _IN_VALUES[channel] and span < least:
                    span = least
                novel = max(novel, 1.0 if beyond >= span else beyond / span)
        novel *= self._known / (self._known + self._cold)
        return novel / (novel + _HALF)

    def skip(self) -> None:
        """What follows does not continue the last values; what was seen stays seen."""
        self._channels.skip()

    def state(self) -> list[float]:
        ranges = zip(self._lows, self._highs, strict=True)
        known = [
            number for channel, (low, high) in enumerate(ranges) if low is not None for number in (channel, low, high)
        ]
        return [self._known, len(known), *known, *self._channels.state()]

    def restore(self, state: list[float]) -> None:
        self._known, end = int(state[0]), 2 + int(state[1])
        self._lows = [None] * len(CHANNELS)
        self._highs = [0.0] * len(CHANNELS)
        for at in range(2, end, 3):
            channel = int(state[at])
            self._lows[channel], self._highs[channel] = state[at + 1], state[at + 2]
        self._channels.restore(state[end:])
