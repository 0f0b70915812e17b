"""The messages of the live push as types, for the AsyncAPI document; tests hold what is really sent against them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from telemetra.live.realtime_frames import DataUpdate
from telemetra.operations.models import Moment, StreamMetrics
from telemetra.operations.overview import MomentInShort

Offset = Annotated[int, Meta(ge=0, description="Last committed offset whose moments this connection has been sent.")]
Epoch = Annotated[str, Meta(description="Id of the log: an offset of another log means nothing here.")]


class Connected(msgspec.Struct, tag_field="type", tag="connected"):
    """The first message."""

    stream_id: str
    message: str
    timestamp: datetime
    epoch: Epoch
    offset: Offset


class LiveMetricUpdate(StreamMetrics, tag_field="type", tag="metrics", kw_only=True):
    """The provisional last minute of the stream, every 1.5 s; a newer one replaces those not yet sent.

    `complete` is false: the minute covers 50 to 60 s. Without `has_data` the numbers are zeros that nobody measured.
    `stale`: the stream should speak and does not.
    """

    stale: bool
    complete: bool
    has_data: bool
    data_age_seconds: Annotated[float, Meta(ge=0)] | None
    recent_moments: Annotated[list[Moment], Meta(max_length=5)]
    offset: Offset


class MomentMessage(Moment, tag_field="type", tag="moment", kw_only=True):
    """A moment, or a later version of one, at once after its commit."""

    offset: Offset


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """Every 30 s on WebSockets; server-sent events have a comment instead."""

    timestamp: datetime


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """The answer to a client's ping."""

    timestamp: datetime


class ResumeFailed(msgspec.Struct, tag_field="type", tag="resume_failed"):
    """The epoch is another one; all moments of the last 24 h follow."""

    epoch: Epoch
    offset: Offset


class LiveError(msgspec.Struct, tag_field="type", tag="error"):
    """A message of the client could not be dealt with; the connection stays."""

    code: str
    detail: str


class ClientPing(msgspec.Struct, tag_field="type", tag="ping"):
    """Answered with `pong`."""


class Resume(msgspec.Struct, tag_field="type", tag="resume"):
    """Asks for all moments emitted after `offset`, as it stood in the last message that the client has dealt with."""

    epoch: Epoch
    offset: Offset


class RealtimeConnected(msgspec.Struct, tag_field="type", tag="connected"):
    """The first message; `filter` repeats what was asked for."""

    message: str
    timestamp: datetime
    filter: dict[str, str]


class RealtimeError(msgspec.Struct, tag_field="type", tag="error"):
    """Something is not as it should be; the connection stays.

    `updates_dropped`: up to `dropped` updates that came before the next one are not sent, as the client reads more
    slowly than they come. Other codes answer a message of the client.
    """

    code: str
    detail: str
    dropped: Annotated[int, Meta(ge=1)] | msgspec.UnsetType = msgspec.UNSET


class Watching(msgspec.Struct, tag_field="type", tag="connected"):
    """The first message to a client of all streams; the next ones come every `interval_seconds`."""

    message: str
    timestamp: datetime
    epoch: Epoch
    interval_seconds: float


class StreamUpdate(msgspec.Struct, kw_only=True):
    """What is new of one stream: the headline metrics of its provisional last minute, its newest moment.

    `stale`: the stream should speak and does not; a row comes when that changes, too.
    """

    stream_id: str
    kind: str | msgspec.UnsetType = msgspec.UNSET
    timestamp: datetime | msgspec.UnsetType = msgspec.UNSET
    metrics: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    is_anomaly: bool | msgspec.UnsetType = msgspec.UNSET
    has_data: bool | msgspec.UnsetType = msgspec.UNSET
    stale: bool | msgspec.UnsetType = msgspec.UNSET
    data_age_seconds: float | msgspec.UnsetType = msgspec.UNSET
    last_moment: MomentInShort | msgspec.UnsetType = msgspec.UNSET


class StreamUpdates(msgspec.Struct, tag_field="type", tag="streams"):
    """Sent at every tick, also when nothing changed. `complete`: all streams that this process has heard of, else
    those that changed since the message before."""

    timestamp: datetime
    complete: bool
    streams: list[StreamUpdate]


SENT: tuple[type[msgspec.Struct], ...] = (
    Connected,
    LiveMetricUpdate,
    MomentMessage,
    Ping,
    Pong,
    ResumeFailed,
    LiveError,
)
RECEIVED: tuple[type[msgspec.Struct], ...] = (ClientPing, Resume)
REALTIME_SENT: tuple[type[msgspec.Struct], ...] = (RealtimeConnected, DataUpdate, Ping, Pong, RealtimeError)
REALTIME_RECEIVED: tuple[type[msgspec.Struct], ...] = (ClientPing,)
OVERVIEW_SENT: tuple[type[msgspec.Struct], ...] = (Watching, StreamUpdates, Pong, LiveError)
OVERVIEW_RECEIVED: tuple[type[msgspec.Struct], ...] = (ClientPing,)
