"""Compression of large answers, at no cost to clients that ask for none."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from telemetra.api.perimeter import header

MINIMUM_BYTES = 2048
LEVEL = 5


class Compression(GZipMiddleware):
    """Starlette's, which also wraps every answer that it will not compress: a quarter of the time of a cached read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "gzip" in (header(scope, b"accept-encoding") or ""):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)
