"""The answers of the API about connectors and their feeds. Times are RFC 3339 in UTC, prices decimal strings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from telemetra.model.connector import (
    AuthType,
    Backfill,
    Cursor,
    DesiredState,
    HttpMethod,
    Ping,
    Protocol,
    Status,
    TimeWindow,
)
from telemetra.operations.models import Count

MASK = "***"
"""Stands in answers for every value that is secret; sent back, it keeps what is stored."""

Masked = Annotated[dict[str, str], Meta(description=f"The names; every value is shown as `{MASK}`.")]


class Connector(msgspec.Struct, kw_only=True):
    """A configured source that fetches a feed by itself.

    Values of `headers`, `query_params` and `credentials` are stored encrypted and never shown. `polling_interval` is in
    milliseconds; `rotate_after` and `stale_after` in seconds; `max_reconnect_attempts` 0 is for ever. `desired_state`
    is what a user wants, `status` what is; `stale`: the connection stands and nothing comes. `message_count` and the
    time of the last message are of the newest run; `messages_per_second` is null while it does not run.
    """

    connector_id: str
    name: str
    api_url: str
    http_method: HttpMethod
    headers: Masked
    query_params: Masked
    body: Any
    auth_type: AuthType
    auth_layout: str | dict[str, Any] | None
    credentials: Masked
    polling_interval: int
    protocol_type: Protocol
    exchange_name: str
    subscribe_messages: list[Any]
    ping: Ping | None
    format: str
    mapping: dict[str, Any]
    cursor: Cursor | None
    time_window: TimeWindow | None
    backfill: Backfill | None
    rotate_after: float | None
    stale_after: float | None
    max_reconnect_attempts: int
    desired_state: DesiredState
    status: Status
    stale: bool
    last_message_timestamp: datetime | None
    message_count: Count
    messages_per_second: float | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime


class Deleted(msgspec.Struct):
    """The connector is gone; what it fetched stays."""

    connector_id: str
    deleted: bool


class FeedGap(msgspec.Struct, kw_only=True):
    """What was missed, in event time, both ends inclusive. `end` null: it lasts; `filled_at` null: not made good.

    `stream_id` null: all streams of the connector; `connector_id` null: of no connector; `missing`: how many messages,
    where their numbers tell. `backfill`: what became of fetching it, `none` where that is not possible or not due yet;
    `late`: it is in the archive, but minutes were final before. `backfill_attempts`: runs of the connector that tried.
    """

    id: str
    connector_id: str | None
    stream_id: str | None
    start: datetime
    end: datetime | None
    reason: str
    missing: int | None
    detected_at: datetime
    filled_at: datetime | None
    backfill: Literal["none", "waiting", "incomplete", "failed", "late", "filled"]
    backfill_attempts: Count


class ConnectorStatus(msgspec.Struct, kw_only=True):
    """How a connector runs, as its owner said last. `owner` is null while no process runs it.

    `gaps` holds the newest 20, `error_log` the newest errors. `performance_metrics`: messages_per_second, latency
    quantiles in milliseconds, error rate, bytes, uptime, age of the last message, reconnects.
    """

    connector_id: str
    status: Status
    desired_state: DesiredState
    stale: bool
    session_id: str | None
    started_at: datetime | None
    last_message_timestamp: datetime | None
    last_event_timestamp: datetime | None
    message_count: Count
    reconnect_attempts: Count
    last_error: str | None
    error_log: list[dict[str, Any]]
    performance_metrics: dict[str, Any]
    streams: list[str]
    gaps: list[FeedGap]
    owner: str | None
    updated_at: datetime | None


class ConnectorMessage(msgspec.Struct, kw_only=True):
    """One event that a connector fetched. `id` is its place in the log, `raw_response` the item as it was received."""

    id: int
    connector_id: str
    timestamp: datetime
    exchange: str
    instrument: str
    price: str | None
    data: Any
    raw_response: Any
    message_type: str
    source_id: str
    session_id: str | None
    db_timestamp: datetime
    stream_id: str


class WebsocketMessage(msgspec.Struct, kw_only=True):
    """One message that came over a WebSocket, to a connector or to a browser that saved it; `data` as received."""

    id: int
    timestamp: datetime
    exchange: str
    instrument: str
    price: str | None
    data: Any
    message_type: str
    source_id: str
    session_id: str
    connector_id: str | None
    db_timestamp: datetime
    stream_id: str


Total = Annotated[
    int, Meta(ge=0, description="Counted up to 100,000; more are that many, with `total_is_exact` false.")
]


class ConnectorData(msgspec.Struct):
    """A page of what a connector fetched."""

    data: list[ConnectorMessage]
    total: Total
    total_is_exact: bool
    skip: Count
    limit: Count
    has_more: bool


class WebsocketData(msgspec.Struct):
    """A page of WebSocket messages, newest first."""

    data: list[WebsocketMessage]
    total: Total
    total_is_exact: bool
    skip: Count
    limit: Count
    has_more: bool


class MessageCount(msgspec.Struct):
    """How many WebSocket messages fit. Counted up to 1,000,000."""

    count: Count
    is_exact: bool


class Saved(msgspec.Struct):
    """What became of saved messages: `accepted` ones are durable."""

    accepted: Count
    duplicate: Count
    rejected: list[SavedProblem]


class SavedProblem(msgspec.Struct):
    """Why the message at `index` was refused; it is kept as a dead letter."""

    index: int
    code: str
    detail: str


class PostgresStatus(msgspec.Struct):
    """The database: `embedded` is the product's own."""

    status: str
    mode: str
    version: str
    size_bytes: Count
    connections: Count
    max_connections: Count
    latency_ms: float


class RealtimeTest(msgspec.Struct):
    """A test message went to every client of `/api/realtime`, whatever its filter."""

    status: str
    clients: Count


class ProbedEvent(msgspec.Struct, kw_only=True):
    """An event that would be stored; with `problem` it would be refused, and why."""

    event_id: str
    type: str
    stream_id: str
    source: str
    timestamp: datetime | None
    data: Any
    problem: str | None = None


class ProbedControl(msgspec.Struct):
    """A message that holds no data: `control` is ack, heartbeat, error or unknown."""

    control: str
    detail: str


class ProbeResult(msgspec.Struct, kw_only=True):
    """What one connection brought; nothing of it is stored. `ok`: the source answered with something understood.

    `events` are the first of `event_count`.
    """

    ok: bool
    error: str | None
    seconds: float
    messages: Count
    event_count: Count
    events: list[ProbedEvent]
    controls: list[ProbedControl]


class PresetParameter(msgspec.Struct):
    """What is said to make a connector of a preset. `form`: a text, an instrument in any spelling, or a list."""

    name: str
    description: str
    form: str
    required: bool
    default: str | list[str] | None
    example: str | None


class PresetInfo(msgspec.Struct):
    """A venue that is known: POST /api/connectors takes its `name` as `preset`, and `parameters`."""

    name: str
    title: str
    description: str
    parameters: list[PresetParameter]
