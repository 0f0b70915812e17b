"""The Source port: where a connector's messages come from."""

from __future__ import annotations

from typing import Protocol

import msgspec

from telemetra.errors import TelemetraError, Unavailable
from telemetra.model.connector import Position


class Incoming(msgspec.Struct, gc=False):
    """One received message. `connection` numbers the connections of a source: each has a format of its own."""

    payload: str | bytes
    received_at: int
    connection: int = 0


class SourceClosed(Unavailable):
    """The connection is gone, or the answer was an error: open again after the back-off."""

    code = "source_closed"


class Refused(TelemetraError):
    """The source refuses our credentials or our request for good: trying again is no use."""

    code = "refused"


class Source(Protocol):
    """Belongs to one connector of one process; its methods are called by one task, one at a time.

    `open` connects and subscribes; it is called again after every loss. `read` waits for at least one message and
    gives with it what else is there already; a caller that does not call it holds the source back. `reply` sends a
    text at once. `close` may be called at any time, also twice, and raises nothing.
    `open` and `read` raise `Refused` (stop), or `Unavailable` (SourceClosed among them): open again, at the earliest
    after `retry_after_seconds`. `polls`: silence is not the connection's fault, so opening again does not mend it.
    Of a source that polls, `taken` says that what `read` gave was read, and whether it was understood, so that the next
    request may go on from there: that is its `position` then (None: it has none).
    """

    @property
    def polls(self) -> bool: ...

    @property
    def position(self) -> Position | None: ...

    async def open(self) -> None: ...

    async def read(self) -> list[Incoming]: ...

    def taken(self, understood: bool = True) -> None: ...

    async def reply(self, text: str) -> None: ...

    async def close(self) -> None: ...
