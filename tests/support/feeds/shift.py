"""Old recordings as if they happened now: the times that the venue wrote into its messages, moved to today's clock.

What the venue's clock was ahead of the recorder's, it is ahead of ours.
"""

from __future__ import annotations

import re
import time

_TIMES = re.compile(r'(?P<name>"[ET]":|tmi-sent-ts=)(?P<at>\d{13})')


class Shift:
    """`start_ms`: the recorder's clock at the first frame. `keep` false: every time becomes the time of sending."""

    def __init__(self, start_ms: int, keep: bool = True) -> None:
        self._start_ms = start_ms
        self._keep = keep
        self.by_ms = 0

    def begin(self) -> None:
        """The first frame is sent now."""
        self.by_ms = _now_ms() - self._start_ms

    def __call__(self, text: str) -> str:
        return _TIMES.sub(self._moved, text)

    def _moved(self, match: re.Match[str]) -> str:
        return f"{match['name']}{int(match['at']) + self.by_ms if self._keep else _now_ms()}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
