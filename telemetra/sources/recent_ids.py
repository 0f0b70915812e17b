"""The ids that a polled source has lately given: an API that is asked every second repeats most of its answer."""

from __future__ import annotations

from collections.abc import Sequence

from telemetra.formats.draft import Draft

_SIZE = 10_000


class RecentIds:
    """Remembers the newest `size` to 2 × `size` ids that are durable. The log's own rule catches older repeats."""

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._newer: set[tuple[str, str]] = set()
        self._older: set[tuple[str, str]] = set()

    def fresh(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those that are not known yet, each once, in order."""
        newer, older, seen, found = self._newer, self._older, set(), []
        for draft in drafts:
            key = (draft.stream_id, draft.event_id)
            if key not in newer and key not in older and key not in seen:
                seen.add(key)
                found.append(draft)
        return found

    def remember(self, drafts: Sequence[Draft]) -> None:
        """These are durable now."""
        if len(self._newer) + len(drafts) > self._size:
            self._older, self._newer = self._newer, set()
        self._newer.update((draft.stream_id, draft.event_id) for draft in drafts)
