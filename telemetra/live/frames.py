"""What goes to live clients: each message is encoded once and shared by every client that gets it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from telemetra.live.feed_board import FeedBoard
from telemetra.model.event import StreamKey
from telemetra.model.moment import Moment
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND, Snapshot

MomentKey = tuple[UUID, int]
"""(moment_id, version): what a connection is sent once."""

_encode = msgspec.json.Encoder().encode
_TEXT = 0x81  # FIN and opcode 1


def websocket_frame(payload: bytes) -> bytes:
    """A complete, unmasked, uncompressed server text frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _TEXT, size) + payload
    if size < 65536:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


class Frame:
    """One message in the forms the transports need: JSON text, WebSocket frame, server-sent event.

    `offset` is the last committed offset whose moments a client has been sent once it has this frame (None: the
    frame says nothing about it). `event_id` is the id of the server-sent event, without which it has none.
    """

    __slots__ = ("_event", "event_id", "offset", "payload", "websocket")

    def __init__(self, payload: bytes, *, offset: int | None = None, event_id: str | None = None) -> None:
        self.payload = payload
        self.websocket = websocket_frame(payload)
        self.offset = offset
        self.event_id = event_id
        self._event: bytes | None = None

    @property
    def event(self) -> bytes:
        """The server-sent event; built on first use, as most frames go to WebSockets only."""
        if self._event is None:
            prefix = b"" if self.event_id is None else b"id: %s\n" % self.event_id.encode()
            self._event = b"%sdata: %s\n\n" % (prefix, self.payload)
        return self._event


class PingFrame(Frame):
    """A ping: a message to WebSockets, a comment to server-sent events (nothing there has to answer it)."""

    __slots__ = ()

    @property
    def event(self) -> bytes:
        return b": ping\n\n"


def ping(now: int) -> Frame:
    return PingFrame(_encode({"type": "ping", "timestamp": rfc3339(now)}))


def pong(now: int) -> Frame:
    return Frame(_encode({"type": "pong", "timestamp": rfc3339(now)}))


def error(code: str, detail: str) -> Frame:
    return Frame(_encode({"type": "error", "code": code, "detail": detail}))


def moment_fields(moment: Moment) -> dict[str, Any]:
    """The API's Moment: `timestamp` is the onset, `metadata` the evidence."""
    return {
        "moment_id": str(moment.moment_id),
        "version": moment.version,
        "stream_id": moment.stream_id,
        "timestamp": rfc3339(moment.timestamp),
        "ended_at": None if moment.ended_at is None else rfc3339(moment.ended_at),
        "moment_type": moment.moment_type,
        "description": moment.description,
        "metric_name": moment.metric_name,
        "metric_value": moment.metric_value,
        "threshold": moment.threshold,
        "z_score": moment.z_score,
        "severity": moment.severity,
        "metadata": moment.metadata,
    }


def recent_moment(moment: Moment) -> msgspec.Raw:
    """A moment as it stands in `recent_moments` of every update: without the lists of its evidence.

    The series, top messages and emotes went out with the moment itself and are in REST; repeating them to every
    client every 1.5 s would multiply the size of an update.
    """
    fields = moment_fields(moment)
    fields["metadata"] = {name: value for name, value in moment.metadata.items() if not isinstance(value, list | tuple)}
    return msgspec.Raw(_encode(fields))


class FrameBuilder:
    """Builds the messages of one log; `epoch` is the log's identity, which an offset is meaningless without."""

    def __init__(self, epoch: str, anomaly_z: float, board: FeedBoard) -> None:
        self.epoch = epoch
        self._board = board
        self._anomaly_z = anomaly_z

    def connected(self, stream_id: str, now: int, offset: int, *, resumed: bool) -> Frame:
        """`offset` is where this connection starts. One that resumes has an event id only with its moments."""
        message = {
            "type": "connected",
            "stream_id": stream_id,
            "message": f"Connected to stream: {stream_id}",
            "timestamp": rfc3339(now),
            "epoch": self.epoch,
            "offset": offset,
        }
        return Frame(_encode(message), event_id=None if resumed else f"{self.epoch}:{offset}")

    def watching(self, now: int, interval_seconds: float) -> Frame:
        """The first message to a client of all streams at once; `interval_seconds` is how often it will hear."""
        message = {
            "type": "connected",
            "message": "Connected to all streams",
            "timestamp": rfc3339(now),
            "epoch": self.epoch,
            "interval_seconds": interval_seconds,
        }
        return Frame(_encode(message))

    def metrics(
        self,
        key: StreamKey,
        snapshot: Snapshot | None,
        fields: Mapping[str, Any],
        recent: Iterable[msgspec.Raw],
        *,
        now: int,
        offset: int,
    ) -> Frame:
        """A LiveMetricUpdate. `fields` are the kind's metrics; without a snapshot nothing is known of the stream."""
        z_score = None if snapshot is None else snapshot.z_score
        message = {
            "type": "metrics",
            "stream_id": key[1],
            "timestamp": rfc3339(now if snapshot is None else snapshot.window_end),
            **fields,
            "z_score": z_score,
            "baseline": None if snapshot is None else snapshot.baseline,
            "is_anomaly": z_score is not None and abs(z_score) > self._anomaly_z,
            "suspect": snapshot is not None and self._is_suspect(key, snapshot),
            "stale": snapshot is not None and self._board.stale(key, now - snapshot.data_at),
            "final": False,
            "complete": False,
            "has_data": snapshot is not None and snapshot.has_data,
            "data_age_seconds": None if snapshot is None else max(0.0, round((now - snapshot.data_at) / SECOND, 3)),
            "recent_moments": list(recent),
            "offset": offset,
        }
        return self._numbered(message, offset)

    def _is_suspect(self, key: StreamKey, snapshot: Snapshot) -> bool:
        start = snapshot.window_end - round(snapshot.seconds * SECOND)
        return self._board.suspect(key, start, snapshot.window_end)

    def moment(self, moment: Moment, offset: int) -> Frame:
        return self._numbered({"type": "moment", **moment_fields(moment), "offset": offset}, offset)

    def resume_failed(self, offset: int) -> Frame:
        return Frame(_encode({"type": "resume_failed", "epoch": self.epoch, "offset": offset}))

    def _numbered(self, message: dict[str, Any], offset: int) -> Frame:
        return Frame(_encode(message), offset=offset, event_id=f"{self.epoch}:{offset}")
