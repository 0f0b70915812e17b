"""The EventLog port: accepted events and rejections in one durable order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from telemetra.model.event import LogItem, count_of


class LogPosition(msgspec.Struct, frozen=True):
    """Where the log of a partition starts and ends: offsets in [first, next) exist. `epoch` is the log's identity."""

    epoch: str
    first: int
    next: int


class LogRead(msgspec.Struct):
    """Events and rejections with consecutive offsets from `first` on; `count` of them, up to `next`, exclusive."""

    first: int
    items: list[LogItem]

    @property
    def count(self) -> int:
        return count_of(self.items)

    @property
    def next(self) -> int:
        return self.first + self.count


class EventLog(Protocol):
    """Called by intake (append) and by the pipeline (everything else), possibly from different event loops.

    `append` returns the offset of the first event or rejection; on return all are durable and their order is final. It
    raises `LogUnavailable` (errors.py) when they may not be durable: the caller answers 503 and the sender repeats.
    `read` returns at most `max_count` events and rejections from offset `start` on, none when the log ends there;
    offsets have no gaps and a reader never skips what commits later. It raises `OffsetOutOfRange` when `start` was
    trimmed.
    `wait` returns when there may be some from `start` on, or after `timeout_seconds`.
    `trim` deletes what is below `before` and older than the retention; it never deletes anything else.
    """

    async def append(self, items: Sequence[LogItem]) -> int: ...

    async def read(self, start: int, max_count: int) -> LogRead: ...

    async def wait(self, start: int, timeout_seconds: float) -> None: ...

    async def position(self) -> LogPosition: ...

    async def trim(self, before: int, older_than: int) -> int: ...
