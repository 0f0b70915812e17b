"""How a connector performs, as numbers: counted where messages pass, summed up when asked. Time is an argument.

`latency`: from the arrival of a message to its being durable in the log. `skew`: arrival minus the source's own time,
so negative where the source's clock is ahead of ours.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from telemetra.model.window import SECOND

_RATE_SECONDS = 10
_SAMPLES = 1000
_STREAMS_SHOWN = 20


class Performance:
    """Counts of one run of a connector; times in microseconds."""

    def __init__(self, now: int) -> None:
        self.started_at = now
        self.messages = 0
        self.data = 0
        self.events = 0
        self.bytes = 0
        self.errors = 0
        self.duplicates = 0
        self.rejected: Counter[str] = Counter()
        self.controls: Counter[str] = Counter()
        self.gaps = 0
        self.first_unknown: str | None = None
        self.last_message_at: int | None = None
        self._latencies: deque[int] = deque(maxlen=_SAMPLES)
        self._skews: deque[int] = deque(maxlen=_SAMPLES)
        self._marks: deque[tuple[int, int, int, int]] = deque()  # (time, messages, events, bytes)

    def received(self, count: int, data: int, size: int) -> None:
        """`count` messages of `size` bytes together; `data` of them held data."""
        self.messages += count
        self.data += data
        self.bytes += size

    def skew(self, microseconds: int) -> None:
        self._skews.append(microseconds)

    def stored(self, events: int, oldest: int, newest: int, now: int) -> None:
        """A batch whose messages arrived from `oldest` to `newest` is durable."""
        self.events += events
        self._latencies.append(max(0, now - oldest))
        self._latencies.append(max(0, now - newest))

    def shown(
        self, now: int, *, connected_at: int | None, reconnects: int, silent: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The `performance_metrics` of the connector's status."""
        marks = self._marks
        marks.append((now, self.messages, self.events, self.bytes))
        while len(marks) > 2 and marks[1][0] <= now - _RATE_SECONDS * SECOND:
            marks.popleft()
        at, messages, events, size = marks[0]
        if at == now:
            at, messages, events, size = self.started_at, 0, 0, 0
        seconds = max((now - at) / SECOND, 0.001)
        attempts = self.messages + self.errors
        return {
            "messages_per_second": round((self.messages - messages) / seconds, 3),
            "events_per_second": round((self.events - events) / seconds, 3),
            "bytes_per_second": round((self.bytes - size) / seconds, 1),
            "messages": self.messages,
            "events": self.events,
            "bytes": self.bytes,
            "errors": self.errors,
            "error_rate": round(self.errors / attempts, 6) if attempts else 0.0,
            "duplicates": self.duplicates,
            "rejected": dict(self.rejected),
            "no_data": dict(self.controls),
            "first_unknown": self.first_unknown,
            "gaps": self.gaps,
            "latency_ms": _quantiles(self._latencies),
            "skew_ms": _quantiles(self._skews) | {"least": _milliseconds(min(self._skews, default=None))},
            "uptime_seconds": round((now - self.started_at) / SECOND, 3),
            "connected_seconds": 0.0 if connected_at is None else round((now - connected_at) / SECOND, 3),
            "last_message_age_seconds": None
            if self.last_message_at is None
            else round(max(0, now - self.last_message_at) / SECOND, 3),
            "reconnects": reconnects,
            "silent_streams": list(silent[:_STREAMS_SHOWN]),
        }


def _quantiles(samples: Sequence[int]) -> dict[str, float | None]:
    ordered = sorted(samples)
    return {name: _milliseconds(_at(ordered, share)) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def _at(ordered: Sequence[int], share: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else round(microseconds / 1000, 3)
