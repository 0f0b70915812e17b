"""What a connector has read and not yet handed in: bounded, in order, as values. Time is an argument."""

from __future__ import annotations

from telemetra.formats.draft import Draft
from telemetra.model.connector import Position

ROOM_FACTOR = 20
"""A buffer that cannot be emptied holds this many times its batch before the source is no longer read."""
ROOM_BYTES = 8 << 20


class Batch:
    """Drafts to be handed in together. `oldest`, `newest`: arrival of their messages, in microseconds.

    `position`: how far a polled source is read when they are durable.
    """

    __slots__ = ("drafts", "messages", "newest", "oldest", "position", "size")

    def __init__(self, now: int) -> None:
        self.drafts: list[Draft] = []
        self.messages = 0
        self.size = 0
        self.oldest = self.newest = now
        self.position: Position | None = None


class Buffer:
    """Fills batches; `full` says that one is to be handed in at once, `blocked` that the source must wait.

    A single message may exceed the room by what it holds: it is taken whole, the next one waits.
    """

    def __init__(self, batch_messages: int) -> None:
        self._batch_messages = batch_messages
        self._room = batch_messages * ROOM_FACTOR
        self._batch: Batch | None = None

    def add(self, drafts: list[Draft], size: int, received_at: int) -> None:
        """Take the drafts of one message of `size` bytes."""
        batch = self._batch
        if batch is None:
            batch = self._batch = Batch(received_at)
        batch.drafts += drafts
        batch.messages += 1
        batch.size += size
        batch.newest = received_at

    @property
    def empty(self) -> bool:
        return self._batch is None

    @property
    def full(self) -> bool:
        batch = self._batch
        return batch is not None and (
            batch.messages >= self._batch_messages or len(batch.drafts) >= self._batch_messages
        )

    @property
    def blocked(self) -> bool:
        batch = self._batch
        return batch is not None and (
            batch.messages >= self._room or len(batch.drafts) >= self._room or batch.size >= ROOM_BYTES
        )

    @property
    def last(self) -> Batch | None:
        """What was added last is in it."""
        return self._batch

    def take(self) -> Batch | None:
        """All that is there, None when there is nothing."""
        batch, self._batch = self._batch, None
        return batch
