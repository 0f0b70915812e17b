"""The gate between a host's name and a connection: the name is resolved here, once, and what was checked is connected.

Nothing after this resolves the name again, so an answer that changes (DNS re-binding) changes nothing.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore

from telemetra.errors import EgressRefused, Unavailable
from telemetra.hosts import AllowList
from telemetra.sources.egress_addresses import forbidden

ATTEMPT_SECONDS = 5.0
"""How long one address may take to accept before the next one is tried."""
MOST_ADDRESSES = 4

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, in the order in which they are to be tried. Raises OSError."""


_NAMES = ThreadPoolExecutor(8, "names")
"""Threads of their own: a name server that does not answer must not hold up other work of the process."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    look_up = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_NAMES, look_up)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Gate:
    """Says to which addresses a connection may be made."""

    def __init__(self, allow: AllowList, resolver: Resolver) -> None:
        self._allow = allow
        self._resolver = resolver

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host` (a name or an address), all of them checked.

        One forbidden address refuses the host: `EgressRefused`, without the address, which is not the caller's to know.
        Raises `Unavailable` when the name does not resolve.
        """
        try:
            literal = [str(ip_address(host))]
        except ValueError:
            literal = []
        found = literal or await self._resolve(host, port)
        if not self._allow.names(host, port):
            for text in found:
                address = ip_address(text)
                reason = forbidden(address)
                if reason is not None and not self._allow.holds(address, port):
                    raise EgressRefused(
                        f"{host} leads to an address that is not public ({reason}); EGRESS_ALLOW names exceptions",
                        reason=reason,
                    )
        return found[:MOST_ADDRESSES]

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = list(await self._resolver(host, port))
        except OSError:
            found = []
        if not found:
            raise Unavailable(f"the name {host} cannot be resolved")
        return found


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects httpcore's pool through the gate. For TLS and for its own book-keeping the pool keeps the name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._gate.addresses(host, port)
        for address in others:
            try:
                return await self._network.connect_tcp(address, port, ATTEMPT_SECONDS, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
