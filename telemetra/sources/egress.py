"""The one guard of every request that leaves this machine on somebody's word: connectors, webhooks.

It connects to public addresses only (egress_addresses.py) and to what EGRESS_ALLOW names, checks every redirect like
the first URL, and bounds size and time. It keeps no cookies and asks no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext, SSLError
from urllib.parse import urljoin

import httpcore
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from telemetra import __version__
from telemetra.errors import EgressRefused, HandshakeRefused, Unavailable
from telemetra.hosts import AllowList
from telemetra.observability import Metrics
from telemetra.sources.egress_body import ACCEPT_ENCODING, read_body
from telemetra.sources.egress_gate import ATTEMPT_SECONDS, Gate, PinnedBackend, Resolver, system_resolver
from telemetra.sources.egress_target import HTTP, WEBSOCKET, Target, checked_headers, parse_target
from telemetra.sources.outbound import InboundResponse, OutboundRequest

MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_SAME_METHOD = {307, 308}
_KEPT_ELSEWHERE = {"accept", "accept-language", "content-type", "user-agent"}
"""Headers that may follow a redirect to another origin. Any other may be a secret: names are the user's choice."""
_IDLE_CONNECTIONS = 100
_IDLE_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
USER_AGENT = f"telemetra/{__version__}"

_QUIET = logging.getLogger("telemetra.egress.peer")
_QUIET.setLevel(logging.INFO)  # at DEBUG websockets logs headers and frames, and credentials with them


class _Connect(websocket_connect):
    """websockets' connect without its own way of following redirects, which would not ask the gate."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class EgressGuard:
    """Makes outbound requests. Belongs to one event loop; `close` it at the end.

    `allow` are entries of EGRESS_ALLOW (`AllowList`; ValueError for a bad one). `tls` replaces the usual trust.
    Both methods raise `EgressRefused` for a target that is forbidden (counted by reason) and `Unavailable` for trouble
    on the way or with the answer. No error carries a query, a header's value or a body.
    """

    def __init__(
        self,
        allow: Sequence[str],
        *,
        metrics: Metrics | None = None,
        resolver: Resolver = system_resolver,
        tls: SSLContext | None = None,
    ) -> None:
        self._metrics = metrics
        self._tls = tls or httpcore.default_ssl_context()
        self._gate = Gate(AllowList(allow), resolver)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=None,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=PinnedBackend(self._gate),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def request(self, request: OutboundRequest, *, timeout_seconds: float, max_bytes: int) -> InboundResponse:
        """The answer, whatever its status, after at most five redirects.

        `timeout_seconds` is for all of it together, `max_bytes` for the body as received and as unpacked. A redirect to
        another origin takes along neither the caller's headers nor a body, and none leads from TLS to plain text.
        """
        async with self._judged(timeout_seconds):
            target = parse_target(request.url, HTTP)
            target = msgspec.structs.replace(target, query=request.query())
            method, headers, body = request.method.upper(), checked_headers(request.headers), request.body
            for _ in range(MOST_REDIRECTS + 1):
                response = await self._exchange(method, target, headers, body, max_bytes)
                location = response.headers.get("location")
                if response.status not in _REDIRECTS or location is None:
                    return response
                before, target = target, _redirected(target, location, HTTP)
                if response.status not in _SAME_METHOD and method != "HEAD":
                    method, body = "GET", b""
                if before.origin != target.origin:
                    if body:
                        raise EgressRefused("a redirect would send the body to another host", reason="redirect")
                    headers = _without_secrets(headers)
            raise EgressRefused(f"more than {MOST_REDIRECTS} redirects", reason="redirect")

    async def connect(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        open_timeout_seconds: float,
        max_bytes: int,
        ping_interval_seconds: float | None,
    ) -> ClientConnection:
        """An open WebSocket. `open_timeout_seconds` is for name, connection, TLS, handshake and redirects together,
        `max_bytes` for one message, unpacked. An answer that is no WebSocket: `HandshakeRefused` with its status."""
        async with self._judged(open_timeout_seconds):
            target, sent = parse_target(url, WEBSOCKET), checked_headers(headers or {})
            for _ in range(MOST_REDIRECTS + 1):
                try:
                    return await self._open(target, sent, max_bytes, ping_interval_seconds)
                except InvalidStatus as error:
                    status, location = error.response.status_code, error.response.headers.get("Location")
                    if status not in _REDIRECTS or location is None:
                        raise _handshake_refused(target, error) from None
                before, target = target, _redirected(target, location, WEBSOCKET)
                if before.origin != target.origin:
                    sent = _without_secrets(sent)
            raise EgressRefused(f"more than {MOST_REDIRECTS} redirects", reason="redirect")

    async def _exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, max_bytes: int
    ) -> InboundResponse:
        own = {"Host": target.authority, "User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING}
        taken = {name.lower() for name in headers}
        sent = {name: value for name, value in own.items() if name.lower() not in taken - {"accept-encoding"}}
        sent |= {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.resource)
        encoded = [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()]
        async with self._pool.stream(method, url, headers=encoded, content=body or None) as response:
            received = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers}
            content = await read_body(response.aiter_stream(), received, max_bytes)
            return InboundResponse(response.status, received, content)

    async def _open(
        self, target: Target, headers: Mapping[str, str], max_bytes: int, ping_interval_seconds: float | None
    ) -> ClientConnection:
        addresses = await self._gate.addresses(target.host, target.port)
        for number, address in enumerate(addresses, 1):
            last = number == len(addresses)
            try:
                return await _Connect(
                    target.url,
                    host=address,
                    port=target.port,
                    ssl=self._tls if target.secure else None,
                    proxy=None,
                    additional_headers=dict(headers),
                    user_agent_header=None if "user-agent" in map(str.lower, headers) else USER_AGENT,
                    open_timeout=None if last else ATTEMPT_SECONDS,
                    ping_interval=ping_interval_seconds,
                    ping_timeout=ping_interval_seconds,
                    close_timeout=_CLOSE_SECONDS,
                    max_size=max_bytes,
                    logger=_QUIET,
                )
            except OSError:  # refused, unreachable, timed out, TLS
                if last:
                    raise
        raise AssertionError("the gate gives at least one address")

    @asynccontextmanager
    async def _judged(self, seconds: float) -> AsyncIterator[None]:
        """Bounds the time; counts refusals; says the libraries' errors in words of ours, which hold nothing secret."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except EgressRefused as error:
            if self._metrics is not None:
                self._metrics.egress_refusals.labels(error.reason).inc()
            raise
        except (TimeoutError, httpcore.TimeoutException):
            raise Unavailable(f"no whole answer within {seconds:g} s") from None
        except (httpcore.ConnectError, SSLError) as error:
            raise Unavailable(f"cannot connect: {_short(error)}") from None
        except (httpcore.ProtocolError, InvalidHandshake):
            raise Unavailable("the other side breaks the protocol") from None
        except (httpcore.NetworkError, OSError, EOFError) as error:
            raise Unavailable(f"the connection failed ({type(error).__name__})") from None


def _redirected(target: Target, location: str, schemes: tuple[str, ...]) -> Target:
    plain = target.url
    if schemes == WEBSOCKET and location.lower().startswith(HTTP):  # servers redirect a handshake in either form
        location = "ws" + location[len("http") :]
    new = parse_target(urljoin(plain, location), schemes)
    if target.secure and not new.secure:
        raise EgressRefused("a redirect leads from TLS to plain text", reason="redirect")
    return new


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in _KEPT_ELSEWHERE}


def _handshake_refused(target: Target, error: InvalidStatus) -> HandshakeRefused:
    status, wait = error.response.status_code, error.response.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() and len(wait) < 6 else 1.0
    return HandshakeRefused(f"{target.host} answered HTTP {status}", status=status, retry_after_seconds=seconds)


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
