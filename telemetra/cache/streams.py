"""What is cached of streams, when something about them changed."""

from __future__ import annotations

from collections.abc import Iterable

from telemetra.cache import keys
from telemetra.cache.base import Cache


async def invalidate_streams(cache: Cache, workspace_id: str, streams: Iterable[str]) -> None:
    """What is cached of these streams is not true any more, nor are lists in which they stand."""
    for stream_id in streams:
        for pattern in keys.patterns_of_stream(workspace_id, stream_id):
            await cache.invalidate(pattern)
    await cache.invalidate(keys.pattern_of_lists(workspace_id))
