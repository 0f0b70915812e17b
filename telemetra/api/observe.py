"""What is done around every request: correlation id, security headers, metrics, log; and the last resort for errors."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time

from prometheus_client import Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from telemetra.api.perimeter import header
from telemetra.api.problems import INTERNAL_ERROR, Problems
from telemetra.observability import Metrics

CORRELATION_HEADER = b"x-correlation-id"
CONTENT_SECURITY_POLICY = b"content-security-policy"
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
DEFAULT_POLICY = (CONTENT_SECURITY_POLICY, b"default-src 'none'; frame-ancestors 'none'")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLIENT_GONE = 499
_usable = re.compile(r"[A-Za-z0-9._:-]{1,128}").fullmatch
_logger = logging.getLogger(__name__)


class Exchange:
    """One request and its answer: what the layers below may know of it stands in `scope["exchange"]`."""

    __slots__ = ("_send", "correlation_id", "status")

    def __init__(self, send: Send, correlation_id: str) -> None:
        self._send = send
        self.correlation_id = correlation_id
        self.status: int | None = None
        """None until the answer has begun."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *SECURITY_HEADERS, (CORRELATION_HEADER, self.correlation_id.encode())]
            for name, _ in message["headers"]:
                if name == CONTENT_SECURITY_POLICY:
                    break
            else:
                headers.append(DEFAULT_POLICY)
            message["headers"] = headers
        await self._send(message)


class Observe:
    """The outermost layer. A request's log line stands at DEBUG when it went well: the metrics count those."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._histogram = metrics.requests
        self._seconds: dict[tuple[str, str, int], Histogram] = {}
        self._prefix = secrets.token_hex(8)
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = header(scope, CORRELATION_HEADER)
        # Unique, not secret: a random number for the process and a count within it.
        correlation_id = given if given and _usable(given) else f"{self._prefix}{next(self._numbers):016x}"
        scope["exchange"] = exchange = Exchange(send, correlation_id)
        bind_contextvars(correlation_id=correlation_id)  # the server runs each request in a context of its own
        started = time.perf_counter()
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            self._record(scope, exchange.status or _CLIENT_GONE, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "unmatched")
        labels = (method, route, status)
        if labels not in self._seconds:  # few, and finding the child anew costs more than the rest
            self._seconds[labels] = self._histogram.labels(*labels)
        self._seconds[labels].observe(seconds)
        level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.WARNING
        if _logger.isEnabledFor(level):
            fields = {"method": method, "path": scope["path"], "status": status, "seconds": round(seconds, 4)}
            _logger.log(level, "request", extra=fields)


class LastResort:
    """Turns an error that nobody expected into a 500 without its text; the log has it whole."""

    def __init__(self, app: ASGIApp, *, problems: Problems) -> None:
        self._app = app
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            _logger.debug("the client went away before its request was complete")
        except Exception:
            _logger.exception("a request failed")
            if scope["exchange"].status is not None:
                raise  # too late for an answer: the server cuts the connection
            detail = "The server could not answer this request; its log says why."
            await self._problems.response(scope["path"], 500, INTERNAL_ERROR, detail)(scope, receive, send)
