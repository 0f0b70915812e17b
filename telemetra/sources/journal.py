"""The newest errors of a connector, for its status: bounded, without secrets, repeats counted and not listed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from telemetra.model.times import rfc3339

_KEPT = 20
_LONGEST = 300


class Journal:
    """`mask` takes secrets out of a text."""

    def __init__(self, mask: Callable[[str], str], kept: list[dict[str, Any]] | None = None) -> None:
        self._mask = mask
        self._entries: deque[dict[str, Any]] = deque(kept or [], maxlen=_KEPT)
        self.last_error: str | None = None

    def note(self, error: str, now: int) -> None:
        """An error has happened at `now` (microseconds)."""
        text = " ".join(self._mask(error).replace("\x00", "").encode(errors="replace").decode().split())[:_LONGEST]
        self.last_error = text
        if self._entries and self._entries[-1]["error"] == text:
            self._entries[-1] |= {"timestamp": rfc3339(now), "count": self._entries[-1]["count"] + 1}
        else:
            self._entries.append({"timestamp": rfc3339(now), "error": text, "count": 1})

    def entries(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self._entries)
