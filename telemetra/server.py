"""The HTTP server: one listening socket, opened before anything else so that a taken port is said at once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from telemetra.api.ws_protocol import LiveWebSocketProtocol
from telemetra.errors import Fatal

BACKLOG = 4096
GRACE_SECONDS = 5


def listen(host: str, port: int) -> socket.socket:
    """A listening socket: who connects before the server runs, waits. Port 0 takes a free one. Raises `Fatal`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what is accepted: without it small answers wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Fatal(f"port {port} on {host} is in use: stop what listens there or choose another (PORT)") from error
        if error.errno == errno.EACCES:
            raise Fatal(f"no right to listen on port {port} of {host}: choose one above 1023 (PORT)") from error
        raise Fatal(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def address(listener: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us: it would raise them again before our own parts are closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(app: ASGIApp, listener: socket.socket, *, before_exit: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. `before_exit` is called first of all then: it ends the live connections."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws=LiveWebSocketProtocol,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def leave() -> None:
        before_exit()
        server.should_exit = True

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, leave)
    try:
        await server.serve(sockets=[listener])
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
