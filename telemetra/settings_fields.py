"""Every setting: its type, default, bounds and, as the text under it, its description.

The variable of a field is its name in upper case, unless the field names another. settings.py reads them;
`.env.example` and the reference page are generated from them (settings_doc.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

KIB = 1024
MIB = 1024 * KIB


class Section(BaseModel):
    """One group of settings; the first line of its docstring is its heading in the reference."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Server(Section):
    """Server"""

    host: str = Field("127.0.0.1", min_length=1)
    """Address to listen on. `AUTH_MODE=auto` allows loopback addresses only."""
    port: int = Field(8000, ge=0, le=65535)
    """TCP port to listen on; 0 takes a free one."""
    api_title: str = Field("Telemetra API", min_length=1, max_length=200)
    """Title of the API in the root answer and in the OpenAPI document."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Browser origins, separated by commas, that may use REST, WebSocket and SSE beside the product's own."""
    auth_mode: Literal["auto"] = "auto"
    """`auto` serves without authentication and therefore refuses every address that is not loopback."""


class Storage(Section):
    """Storage

    `DATABASE_URL` wins, then `POSTGRES_*`; with neither, a PostgreSQL of its own runs in the data directory.
    """

    data_dir: Annotated[Path, BeforeValidator(lambda path: Path(path).expanduser())] = Path(".telemetra")
    """Directory of the embedded PostgreSQL and of this process's files; made when absent."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host:port/database` of an external PostgreSQL 15 or newer."""
    postgres_host: str | None = None
    """Host of an external PostgreSQL, used with the four settings that follow."""
    postgres_port: int = Field(5432, ge=1, le=65535)
    """Port of the external PostgreSQL."""
    postgres_user: str = Field("telemetra", min_length=1)
    """User of the external PostgreSQL."""
    postgres_password: SecretStr | None = None
    """Password of the external PostgreSQL."""
    postgres_db: str = Field("telemetra", min_length=1)
    """Database of the external PostgreSQL."""
    db_pool_min: int = Field(5, ge=1, le=1000)
    """Connections that the pool keeps open."""
    db_pool_max: int = Field(20, ge=1, le=1000)
    """Connections that the pool opens at most."""
    log_retention_hours: int = Field(24, ge=1)
    """Age after which records of the event log may be deleted; records still needed are always kept."""
    retention_events_days: int = Field(90, ge=1)
    """Days, counted from arrival, for which single events are kept. Minute rows and moments stay."""


class Intake(Section):
    """Intake"""

    intake_max_body_bytes: ByteSize = Field(ByteSize(8 * MIB), ge=1 * KIB)
    """Largest request body, after decompression; larger ones are answered 413."""
    intake_max_event_bytes: ByteSize = Field(ByteSize(64 * KIB), ge=256)
    """Largest single event; larger ones are rejected, their neighbours are not."""
    intake_max_events: int = Field(10_000, ge=1)
    """Most events in one request."""
    intake_queue_bytes: ByteSize = Field(ByteSize(64 * MIB), ge=1 * KIB)
    """Request bytes that may wait for the log; beyond it intake answers 429 with Retry-After."""


class Processing(Section):
    """Processing"""

    watermark_delay_seconds: int = Field(10, ge=0, le=3600, validation_alias="WATERMARK_DELAY")
    """Seconds by which a stream's watermark stays behind its newest event."""
    allowed_lateness_seconds: int = Field(60, ge=0, le=86_400, validation_alias="ALLOWED_LATENESS")
    """Seconds after its end for which a minute still takes late events; then it is final."""
    idle_close_seconds: float = Field(10, gt=0, le=3600, validation_alias="IDLE_CLOSE")
    """Seconds without an event after which a silent stream's windows are written."""
    stale_after_seconds: float = Field(30, gt=0, validation_alias="STALE_AFTER")
    """Seconds of missing expected data after which a live stream is shown as `stale`."""
    stream_timeout_seconds: float = Field(600, gt=0, validation_alias="STREAM_TIMEOUT")
    """Seconds without any event after which a stream is no longer live."""
    pipeline_read_items: int = Field(20_000, ge=1, le=1_000_000)
    """Most log items that the pipeline takes in one step."""
    pipeline_interval_seconds: float = Field(0.2, gt=0, le=10)
    """Longest wait between two steps of the pipeline."""
    anomaly_z: float = Field(3.0, gt=0)
    """A minute is an anomaly when the size of its z-score is above this. Moments have an alarm of their own."""
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    """ISO 4217 currency in which revenue is shown."""


class Live(Section):
    """Live push"""

    websocket_interval_seconds: float = Field(1.5, gt=0, le=60, validation_alias="WEBSOCKET_INTERVAL")
    """Seconds between two metric updates on a live connection."""
    websocket_ping_seconds: float = Field(30, gt=0, le=3600)
    """Seconds between two `ping` messages on a live connection."""
    live_client_bytes: ByteSize = Field(ByteSize(1 * MIB), ge=64 * KIB)
    """Bytes that may wait for one slow client; beyond it the client is disconnected."""
    live_max_connections: int = Field(20_000, ge=1)
    """Most live connections of this process; those of `/api/realtime` count apart."""
    realtime_buffer_bytes: ByteSize = Field(ByteSize(32 * MIB), ge=1 * MIB)
    """Bytes of updates that may wait for slow clients of `/api/realtime`; who is further behind is told so."""


class Cache(Section):
    """Cache"""

    cache_ttl_metrics_seconds: float = Field(60, gt=0)
    """Seconds for which answers about metrics may be cached. Changes of a stream remove its answers at once."""
    cache_ttl_streams_seconds: float = Field(300, gt=0)
    """Seconds for which lists of streams may be cached."""
    cache_max_entries: int = Field(10_000, ge=1)
    """Most entries of the in-process cache; the least recently used go first."""


class Security(Section):
    """Secrets and outbound requests"""

    encryption_keys: SecretStr | None = None
    """Keys of stored credentials, separated by commas, newest first: the first encrypts, all decrypt. Each is 32 bytes
    in base64 (`openssl rand -base64 32`), 64 hex digits or 32 characters. Where none is set the embedded database has
    one in the data directory, and an external database stores no credentials."""
    encryption_key: SecretStr | None = None
    """The only key, when `ENCRYPTION_KEYS` is not set."""
    egress_allow: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that outbound requests may reach though their addresses are not public, separated by commas: `host`,
    `host:port`, `*.domain`, an address or a network such as `10.1.0.0/16`."""


class Connectors(Section):
    """Connectors"""

    connector_batch_messages: int = Field(50, ge=1, le=10_000)
    """Messages of one connector that are handed in together, at most; when intake cannot take them, twenty times as
    many are kept before the source is no longer read."""
    connector_batch_seconds: float = Field(0.2, gt=0, le=60)
    """Longest time that a received message waits for others before it is handed in."""
    connector_lease_seconds: float = Field(15, ge=1, le=3600)
    """Seconds after which another process takes over the connectors of one that has gone silent."""
    connector_healthy_seconds: float = Field(30, ge=0, le=3600)
    """Seconds for which a connection must hold, with data, before the waits between attempts begin anew at 1 s."""
    connector_timeout_seconds: float = Field(15, gt=0, le=600)
    """Seconds that an HTTP request of a connector, or the opening of its WebSocket, may take."""
    connector_max_message_bytes: ByteSize = Field(ByteSize(4 * MIB), ge=1 * KIB)
    """Largest message or answer that a connector takes; a larger one ends the connection."""


class Observing(Section):
    """Observing"""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(lambda level: level.upper() if isinstance(level, str) else level),
    ] = "INFO"
    """Lowest level that is logged."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`json`, `console`, or `auto`: console on a terminal, JSON otherwise."""
    debug: bool = False
    """Show tracebacks on the command line."""
    otlp_endpoint: str | None = Field(None, pattern="^https?://[^/]+")
    """OTLP/HTTP address that takes traces, such as `http://localhost:4318/v1/traces`. Needs the extra `otlp`."""


SECTIONS: tuple[type[Section], ...] = (
    Server,
    Storage,
    Intake,
    Processing,
    Live,
    Cache,
    Security,
    Connectors,
    Observing,
)
