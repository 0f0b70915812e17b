"""Who may talk to a server without authentication: those who know it under a loopback name, from its own pages.

A page of the web can point a name of its own at 127.0.0.1 (DNS re-binding), and can post without being asked; both
reach a server that listens on loopback alone. The Host and the Origin that a browser sends give them away.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from telemetra.api.problems import Problems
from telemetra.errors import Invalid
from telemetra.settings import is_loopback

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION = 1008


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


@lru_cache(maxsize=256)
def host_allowed(host: str | None) -> bool:
    """Whether a Host header names this machine's loopback: `localhost`, `127.0.0.1:8000`, `[::1]`."""
    if host is None:
        return False
    try:
        parts = urlsplit(f"//{host}")
        return parts.netloc == host and "@" not in host and is_loopback(parts.hostname or "")
    except ValueError:
        return False


@lru_cache(maxsize=256)
def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Whether a browser's page of `origin` may use what is not plain reading: its own pages and `CORS_ORIGINS` may.

    `host` is the request's Host header, `allowed` a hashable collection of origins. Clients without an Origin are no
    browsers.
    """
    return origin is None or origin in allowed or origin in (f"http://{host}", f"https://{host}")


class Perimeter:
    """Refuses foreign Host headers, and foreign origins on WebSockets and on requests that change something."""

    def __init__(self, app: ASGIApp, *, problems: Problems, origins: tuple[str, ...]) -> None:
        self._app = app
        self._problems = problems
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        reason = self._reason_to_refuse(scope)
        if reason is None:
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":
            return await WebSocketClose(_POLICY_VIOLATION, reason.code)(scope, receive, send)
        return await self._problems.of_error(scope["path"], reason)(scope, receive, send)

    def _reason_to_refuse(self, scope: Scope) -> Invalid | None:
        host = header(scope, b"host")
        if not host_allowed(host):
            return Invalid("The Host header must be a loopback name.", code="forbidden_host")
        reads_only = scope["type"] == "http" and scope["method"] in _SAFE_METHODS
        if not reads_only and not origin_allowed(header(scope, b"origin"), host, self._origins):
            return Invalid("This origin is neither the product's own nor in CORS_ORIGINS.", code="forbidden_origin")
        return None
