"""What operators see of a process: metrics and logs. (Traces: tracing.py.)

Metrics live in a registry of their own that is handed around, so two servers in one test do not share counters. Logs
are structured, carry the correlation id of the request in work, and never show a secret.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from structlog.typing import EventDict, Processor

from telemetra import __version__

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST

_SHORT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)

_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|credential|database_url|dsn", re.I
)
_URL_PASSWORD = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s@]+@", re.I)
_HIDDEN = "**********"
_TALKATIVE = ("httpcore", "websockets")
"""Libraries that log headers and messages at DEBUG, and whatever secrets are in them."""


class Metrics:
    """Every metric of a process. Callers use the attributes: `metrics.pipeline_items.inc(n)`; any thread may.

    Labels take few values by design: a route is its template, a failure its error class, never an id or a text.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # start time, memory, CPU, open files
        self.pipeline_pid = 0
        """The process that runs the pipeline; 0: there is none."""
        ProcessCollector("telemetra_pipeline", pid=lambda: self.pipeline_pid or "none", registry=registry)
        Gauge("telemetra_build_info", "Constant 1 with the version.", ["version"], registry=registry).labels(
            version=__version__
        ).set(1)

        self.intake_events = Counter(
            "telemetra_intake_events",
            "Events by outcome (accepted, duplicate, rejected) and reason (the rejection's code, else empty).",
            ["outcome", "reason"],
            registry=registry,
        )
        self.requests = Histogram(
            "telemetra_http_request_seconds",
            "Seconds from request to answer.",
            ["method", "route", "status"],
            buckets=_SHORT_SECONDS,
            registry=registry,
        )
        self.log_append_seconds = Histogram(
            "telemetra_log_append_seconds",
            "Seconds for one durable group commit.",
            buckets=_SHORT_SECONDS,
            registry=registry,
        )
        self.log_append_bytes = Counter(
            "telemetra_log_append_bytes", "Bytes of records appended, as stored.", registry=registry
        )
        self.pipeline_items = Counter(
            "telemetra_pipeline_items", "Log items whose checkpoint is committed.", registry=registry
        )
        self.pipeline_lag_seconds = Gauge(
            "telemetra_pipeline_lag_seconds",
            "Age of the oldest log item that is not applied, 0 if none.",
            registry=registry,
        )
        self.checkpoint_seconds = Histogram(
            "telemetra_checkpoint_seconds",
            "Seconds of a checkpoint, from BEGIN to COMMIT.",
            buckets=_SHORT_SECONDS,
            registry=registry,
        )
        self.checkpoint_failures = Counter(
            "telemetra_checkpoint_failures", "Checkpoints given up, by error class.", ["error"], registry=registry
        )
        self.live_connections = Gauge(
            "telemetra_live_connections", "Open live connections.", ["transport"], registry=registry
        )
        self.frames_sent = Counter(
            "telemetra_live_frames_sent", "Frames written to live connections.", registry=registry
        )
        self.connectors = Gauge(
            "telemetra_connectors", "Connectors that this process runs, by state.", ["state"], registry=registry
        )
        self.connectors_stale = Gauge(
            "telemetra_connectors_stale", "Connectors of this process that should speak and do not.", registry=registry
        )
        self.connector_messages = Counter(
            "telemetra_connector_messages",
            "Messages that connectors received, by what they are (data, ack, heartbeat, error, unknown).",
            ["kind"],
            registry=registry,
        )
        self.connector_bytes = Counter(
            "telemetra_connector_bytes", "Bytes of the messages that connectors received.", registry=registry
        )
        self.connector_reconnects = Counter(
            "telemetra_connector_reconnects", "Connections opened after the first of a run.", registry=registry
        )
        self.connector_gaps = Counter(
            "telemetra_connector_gaps",
            "Gaps noticed, by reason (disconnected, missing_numbers, restarted, stopped).",
            ["reason"],
            registry=registry,
        )
        self.connector_dropped = Counter(
            "telemetra_connector_dropped",
            "Events of connectors not stored, by reason (the code of a rejection; repeat: of an earlier poll).",
            ["reason"],
            registry=registry,
        )
        self.egress_refusals = Counter(
            "telemetra_egress_refusals",
            "Outbound requests that the guard refused, by reason (loopback, private, metadata, scheme …).",
            ["reason"],
            registry=registry,
        )
        self.frames_dropped = Counter(
            "telemetra_live_frames_dropped",
            "Frames not written, by reason (superseded by a newer snapshot; overflow of a slow client; behind: "
            "updates of connectors that a slow client was told it missed).",
            ["reason"],
            registry=registry,
        )

    def committed(self, items: int, seconds: float) -> None:
        """A checkpoint was stored."""
        self.pipeline_items.inc(items)
        self.checkpoint_seconds.observe(seconds)

    def failed(self, error: Exception) -> None:
        """A checkpoint was given up."""
        self.checkpoint_failures.labels(error=type(error).__name__).inc()

    def render(self) -> bytes:
        """The Prometheus text format; send it as `METRICS_CONTENT_TYPE`."""
        return generate_latest(self.registry)


def configure_logging(level: str = "INFO", form: str = "auto", stream: TextIO | None = None) -> None:
    """Sends the logs of this process to `stream` (default standard error), one line each.

    Libraries are heard from WARNING on, or from `level` where that is DEBUG or above WARNING. `form` is `json`,
    `console` or `auto` (console on a terminal). Called once, by the command line.
    """
    target = stream or sys.stderr
    console = form == "console" or (form == "auto" and target.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # The traceback as text, without local variables: those hold secrets.
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("WARNING" if level == "INFO" else level)
    logging.getLogger("telemetra").setLevel(level)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(max(logging.INFO, root.level))


def current_correlation_id() -> str | None:
    """The correlation id of the request in hand, None outside of one."""
    value = structlog.contextvars.get_contextvars().get("correlation_id")
    return value if isinstance(value, str) else None


def hide_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A log processor: values under secret names, and passwords within URLs, are replaced, at any depth."""
    return {name: _safe(name, value) for name, value in event.items()}


def _safe(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and value is not None:
        return _HIDDEN
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\g<before>{_HIDDEN}@", value)
    if isinstance(value, dict):
        return {key: _safe(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_safe("", item) for item in value]
    return value
