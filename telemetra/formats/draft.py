"""What a parser of foreign formats makes of one line or record: events to be sent, or a reason why there are none.

A line or record that cannot be read raises `Invalid` (errors.py), whose `code` is one of `problems`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from telemetra.model.event import DEFAULT_SOURCE

TWITCH_SOURCE: Final = "twitch"


class Draft(msgspec.Struct, gc=False):
    """A native event that is not yet sent. `timestamp` is in microseconds; None: the line has no time of its own.

    `data` is a dict, or JSON as it was found.
    """

    event_id: str
    type: str
    stream_id: str
    timestamp: int | None
    data: dict[str, Any] | msgspec.Raw
    source: str = DEFAULT_SOURCE
    workspace_id: str | None = None
    correlation_id: str | None = None


class NoData(msgspec.Struct, frozen=True):
    """A line that was understood and holds no event: `reason` says what it is, such as `PING`."""

    reason: str


Drafts = list[Draft] | NoData

FallbackId = Callable[[], str]
"""Gives the id of the line at hand; called only where the line brings none of its own."""
