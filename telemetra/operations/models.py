"""The answers of the API, once: operations return them, REST encodes them, the OpenAPI document describes them.

Times are RFC 3339 in UTC; durations are in seconds; money is a decimal string.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from telemetra.model.window import Band
from telemetra.operations.intake import RejectedEvent

Count = Annotated[int, Meta(ge=0)]
StreamState = Literal["live", "stale", "ended"]


class FieldError(msgspec.Struct):
    """What is wrong with one field of a request."""

    field: str
    code: str
    detail: str


class Problem(msgspec.Struct):
    """Every error (RFC 9457). `error_code` is stable and made for programs; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    error_code: str
    timestamp: datetime
    path: str
    correlation_id: str | None
    errors: list[FieldError] | msgspec.UnsetType = msgspec.UNSET


class Stream(msgspec.Struct):
    """An ordered feed of events about one subject. Liveness is judged by time of arrival.

    `state`: live; stale (nothing for STALE_AFTER seconds where something is expected); ended (said so, or nothing for
    STREAM_TIMEOUT seconds). `viewer_count` is null until the stream has said it.
    """

    stream_id: str
    kind: str
    streamer_name: str
    title: str | None
    game_category: str | None
    started_at: datetime | None
    ended_at: datetime | None
    is_live: bool
    viewer_count: Annotated[int, Meta(ge=0)] | None
    last_event_at: datetime | None
    state: StreamState


class EmoteCount(msgspec.Struct):
    """An emote and how often it was used. `emote` is `name` under its older name."""

    name: str
    count: Count
    emote: str


class StreamMetrics(msgspec.Struct):
    """One stored minute of a broadcast. `timestamp` is the end of the minute, which is exclusive.

    `chat_rate` is messages per minute. `revenue` is in the workspace's currency and counts that currency only.
    `viewers_known` is false where no viewer count of the ten minutes before exists (viewer_count is then 0).
    `z_score` and `baseline` are those of `chat_rate` when the stream's time first reached the end of the minute, and
    stay so; null before five minutes are known. `suspect`: the minute lies over a gap of the feed. `final`: no event
    can change it any more.
    """

    stream_id: str
    timestamp: datetime
    viewer_count: Count
    viewers_known: bool
    chat_rate: Annotated[float, Meta(ge=0)]
    chat_rate_per_second: Annotated[float, Meta(ge=0)]
    chat_count: Count
    shared_count: Count
    unique_chatters: Count
    top_emotes: list[EmoteCount]
    sentiment_score: Annotated[float, Meta(ge=-1, le=1)] | None
    positive_count: Count
    negative_count: Count
    revenue: str
    revenue_by_currency: dict[str, str]
    z_score: float | None
    baseline: Band | None
    is_anomaly: bool
    suspect: bool
    final: bool


class Moment(msgspec.Struct):
    """Something unusual in a stream. `timestamp` is the onset; `ended_at` is null while it lasts.

    `metric_value` is the peak, `threshold` the value beyond which it was unusual, `z_score` signed. `metadata` is the
    evidence: baseline, window series, top messages and emotes, seconds since the stream's start, cause, confidence. A
    later `version` replaces an earlier one of the same id.
    """

    moment_id: UUID
    version: Annotated[int, Meta(ge=1)]
    stream_id: str
    timestamp: datetime
    ended_at: datetime | None
    moment_type: str
    description: str
    metric_name: str
    metric_value: float
    threshold: float | None
    z_score: float | None
    severity: Annotated[float, Meta(ge=0, le=1)]
    metadata: dict[str, Any]


class StoredEvent(msgspec.Struct):
    """One event of the archive. `disposition`: counted, or late (it came when its minute was final).

    `position` is where the page after this event goes on: the next request's `before`.
    """

    event_id: str
    type: str
    workspace_id: str
    stream_id: str
    source: str
    timestamp: datetime
    received_at: datetime
    disposition: Literal["counted", "late"]
    correlation_id: str | None
    connector_id: str | None
    session_id: str | None
    data: msgspec.Raw
    position: str


class LedgerCounts(msgspec.Struct):
    """What became of the events received: received = counted + duplicate + late + rejected + dead."""

    received: Count
    counted: Count
    duplicate: Count
    late: Count
    rejected: Count
    dead: Count


class LedgerRow(msgspec.Struct):
    """The fate of one source's events of one minute of arrival."""

    minute: datetime
    source: str
    received: Count
    counted: Count
    duplicate: Count
    late: Count
    rejected: Count
    dead: Count


class Ledger(msgspec.Struct):
    """`total` is over all minutes asked for, `rows` holds the newest of them."""

    rows: list[LedgerRow]
    total: LedgerCounts


class StreamLedgerCounts(msgspec.Struct):
    """Events of one stream that were not counted: repeats of counted ones, and those whose minute was final."""

    duplicate: Count
    late: Count


class StreamLedgerRow(msgspec.Struct):
    """Those of one minute of arrival; a minute without any has no row."""

    minute: datetime
    duplicate: Count
    late: Count


class StreamLedger(msgspec.Struct):
    """`total` is over all minutes asked for, `rows` holds the newest of them."""

    rows: list[StreamLedgerRow]
    total: StreamLedgerCounts


class DeadLetter(msgspec.Struct):
    """An event that was refused: by intake (`rejected`) or by the pipeline (`dead`). `raw` is what was sent.

    Bytes that are no UTF-8 are shown as U+FFFD; at most 64 KiB are kept.
    """

    id: UUID
    disposition: Literal["rejected", "dead"]
    source: str
    code: str
    detail: str
    raw: str
    received_at: datetime
    correlation_id: str | None
    redriven_at: datetime | None


class Redriven(msgspec.Struct):
    """`outcome`: accepted, or duplicate if the event was known already; either way the letter is marked."""

    id: UUID
    outcome: Literal["accepted", "duplicate"]
    redriven_at: datetime


class Accepted(msgspec.Struct):
    """What became of the events of a request; what is accepted is durable."""

    accepted: Count
    duplicate: Count
    rejected: list[RejectedEvent]


class Root(msgspec.Struct):
    """What this is and where to go on."""

    name: str
    version: str
    status: Literal["running"]
    docs: str
    health: str


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["ok"]


class Ready(msgspec.Struct):
    """The process does its work: `role` is that of its pipeline."""

    status: Literal["ready"]
    role: str
    lag_seconds: Annotated[float, Meta(ge=0)]


class Health(msgspec.Struct):
    """`redis` is `embedded` when none is configured: the cache then lives in the process."""

    status: Literal["ok", "degraded", "error"]
    timestamp: datetime
    database: Literal["ok", "unavailable", "error"]
    redis: Literal["ok", "unavailable", "error", "embedded"]


class ServiceHealth(msgspec.Struct):
    """One part of the process; `latency_ms` is how long it took to ask."""

    status: Literal["healthy", "degraded", "unhealthy", "embedded"]
    latency_ms: Annotated[float, Meta(ge=0)] | None = None
    details: dict[str, Any] = msgspec.field(default_factory=dict)


class DetailedHealth(msgspec.Struct):
    """`status` is that of the worst part."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: datetime
    version: str
    services: dict[str, ServiceHealth]
