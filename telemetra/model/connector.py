"""A connector: a configured source that fetches a feed by itself (SPEC 6). What is declared, and what is stored."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

AuthType = Literal["None", "API Key", "Bearer Token", "HMAC", "Basic Auth"]
Protocol = Literal["REST", "WebSocket"]
HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Status = Literal["inactive", "starting", "running", "reconnecting", "stopped", "error"]
DesiredState = Literal["running", "stopped"]
TimeUnit = Literal["s", "ms", "us", "iso"]

STATUSES: tuple[str, ...] = get_args(Status)

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Pairs = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=200)], Annotated[str, Meta(max_length=8000)]],
    Meta(max_length=100),
]

_SCHEMES: dict[str, Protocol] = {"http": "REST", "https": "REST", "ws": "WebSocket", "wss": "WebSocket"}
_ASKED = ("api_url", "http_method", "query_params", "body", "subscribe_messages", "cursor", "time_window")
_NAMELY = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")


class Ping(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What to send every `interval` seconds, as `text` or as `json`; without both, a ping of the protocol itself.

    `pong_timeout`: seconds in which something must be received after a ping, else the connection counts as dead.
    """

    text: Text | None = None
    json: Any = None
    interval: Annotated[float, Meta(ge=1, le=3600)] = 20.0
    pong_timeout: Annotated[float, Meta(ge=0.5, le=600)] = 10.0


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """REST: each answer names, at the dotted `path`, what the next request sends as the query parameter `parameter`.

    `initial` is sent with the first request; without it the first one has no cursor.
    """

    parameter: Text
    path: Text
    initial: str | None = None


class TimeWindow(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """REST: each request asks for the time since the last good one, less `overlap` seconds; repeats are known by id.

    The first request reaches `initial` seconds back. `end` may be left out where the API takes none.
    """

    start: Text
    end: Text | None = None
    unit: TimeUnit = "ms"
    overlap: Annotated[float, Meta(ge=0, le=86_400)] = 5.0
    initial: Annotated[float, Meta(ge=0, le=604_800)] = 60.0


class Backfill(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The REST request that fetches what a gap has lost. Its answer is read in the connector's format.

    In `api_url`, `query_params` and `body` these stand for the gap: {from} and {to} (event times in `unit`),
    {from_id} and {to_id} (missing numbers, where the source numbers its messages), {instrument} and {stream}.
    `limit`: most items of one answer; where an answer has as many, the next request goes on after its newest.
    """

    api_url: Url
    http_method: HttpMethod = "GET"
    query_params: Pairs = {}
    body: Any = None
    unit: TimeUnit = "ms"
    limit: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    format: str | None = None
    mapping: dict[str, Any] | None = None


class ConnectorConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a user declares. `headers`, `query_params` and `credentials` are stored encrypted and never shown.

    `protocol_type` follows from the scheme of `api_url`. `auth_layout` names how an HMAC is made (`okx`, `binance`) or
    declares it. `mapping` has the options of the format beside the exchange. `rotate_after`, `stale_after`: seconds;
    `max_reconnect_attempts` 0 = for ever. Raises `ValueError` whose text begins with the field.
    """

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    api_url: Url
    http_method: HttpMethod = "GET"
    headers: Pairs = {}
    query_params: Pairs = {}
    body: Any = None
    auth_type: AuthType = "None"
    auth_layout: str | dict[str, Any] | None = None
    credentials: Pairs = {}
    polling_interval: Annotated[int, Meta(ge=100, le=60_000)] = 1000
    protocol_type: Protocol | None = None
    exchange_name: Annotated[str, Meta(max_length=50)] | None = None
    subscribe_messages: Annotated[list[Any], Meta(max_length=500)] = []
    ping: Ping | None = None
    format: Annotated[str, Meta(min_length=1, max_length=50)] = "auto"
    mapping: dict[str, Any] = {}
    cursor: Cursor | None = None
    time_window: TimeWindow | None = None
    backfill: Backfill | None = None
    rotate_after: Annotated[float, Meta(ge=1, le=604_800)] | None = None
    stale_after: Seconds | None = None
    max_reconnect_attempts: Annotated[int, Meta(ge=0, le=1_000_000)] = 0

    def __post_init__(self) -> None:
        scheme, host = _parts(self.api_url, "api_url")
        protocol = _SCHEMES.get(scheme)
        if protocol is None:
            raise ValueError("api_url: must begin with http://, https://, ws:// or wss://")
        if self.protocol_type is None:
            self.protocol_type = protocol
        elif self.protocol_type != protocol:
            raise ValueError(f"protocol_type: is {self.protocol_type}, but {scheme}:// is {protocol}")
        if not self.exchange_name:
            self.exchange_name = re.sub(r"[^a-z0-9.-]", "-", host.lower())[:50].strip("-.") or "feed"
        self.exchange_name = self.exchange_name.lower()
        if not _NAMELY.fullmatch(self.exchange_name):
            raise ValueError("exchange_name: must be letters, digits and . _ - and begin with a letter or digit")
        if self.cursor is not None and self.time_window is not None:
            raise ValueError("time_window: a connector has a cursor or a time window, not both")
        if self.protocol_type == "WebSocket" and (self.cursor is not None or self.time_window is not None):
            raise ValueError("cursor: only REST connectors have a cursor or a time window")
        if self.backfill is not None and _parts(self.backfill.api_url, "backfill.api_url")[0] not in ("http", "https"):
            raise ValueError("backfill.api_url: must begin with http:// or https://")

    def asks_like(self, other: ConnectorConfig) -> bool:
        """Whether both ask the same source for the same: then one goes on where the other has stopped."""
        return all(getattr(self, name) == getattr(other, name) for name in _ASKED)

    def __repr__(self) -> str:
        """Without anything that may be secret."""
        return f"ConnectorConfig(name={self.name!r}, protocol_type={self.protocol_type!r})"

    __str__ = __repr__


class Position(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How far a source was read. Polled: the `cursor` to go on with, or the time (µs) `until` which was asked.
    `numbers`: the newest of the source's own numbers, by stream and channel.

    `revision`: that of the connector which read so far.
    """

    revision: int = 0
    cursor: str | None = None
    until: int | None = None
    numbers: dict[str, dict[str, int]] = {}

    @property
    def polled(self) -> bool:
        return self.cursor is not None or self.until is not None


class Connector(msgspec.Struct, kw_only=True):
    """A stored connector. Times in microseconds. `revision` grows with every change of the configuration.

    `asks_since`: the revision in which it last began to ask for something else: a position before that says nothing.
    """

    connector_id: str
    workspace_id: str
    config: ConnectorConfig
    desired_state: DesiredState
    status: Status
    revision: int
    asks_since: int = 1
    created_at: int
    updated_at: int


def _parts(url: str, field: str) -> tuple[str, str]:
    """(scheme, host) in lower case. A user or password in a URL would be stored and shown in the clear."""
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname or "", parts.username, parts.port
    except ValueError:
        raise ValueError(f"{field}: is no valid URL") from None
    if user is not None:
        raise ValueError(f"{field}: must not hold a user or password; use auth_type and credentials")
    if any(ord(character) <= 32 for character in url) or (not host and parts.scheme in _SCHEMES):
        raise ValueError(f"{field}: is no valid URL")
    return parts.scheme.lower(), host
