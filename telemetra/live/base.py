"""The Relay port: how the pipeline's news reaches the hubs of all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from telemetra.model.moment import Moment
from telemetra.model.window import Snapshot


class Publication(msgspec.Struct):
    """What the pipeline says after a tick or a commit.

    `snapshots` may describe events that are not committed yet; `moments` are committed, at or before `committed`, the
    last applied offset. `replayed` marks the moments that a new owner publishes again after a start.
    """

    snapshots: list[Snapshot]
    moments: list[Moment]
    committed: int
    replayed: bool = False


class Relay(Protocol):
    """`publish` is called by the pipeline from its own thread: it never blocks and never raises for a slow subscriber.

    `subscribe` is called once by each hub from its event loop; `deliver` then runs on that loop, in publishing order.
    """

    def publish(self, publication: Publication) -> None: ...

    def subscribe(self, deliver: Callable[[Publication], None]) -> None: ...
