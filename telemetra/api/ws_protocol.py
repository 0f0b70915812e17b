"""The server's WebSocket protocol with a way past ASGI for frames that are ready to send.

uvicorn's sans-I/O protocol builds and copies a frame for each ASGI `send`. The hub has one frame for thousands of
clients, so this subclass hands it the transport. Why this is sound: docs/decisions/2026-11-22-live-frames.md.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from telemetra.live.channel import HIGH_WATER_BYTES
from telemetra.live.frames import Frame

EXTENSION = "telemetra.live"
"""Key of `scope["extensions"]` under which an endpoint finds the protocol."""

SEND_BUFFER_BYTES = 64 * 1024
"""Kernel send buffer of a live client (Linux doubles it). The default grows to megabytes: a slow client would read
minutes of old snapshots from it before the newest one."""

CLIENT_MESSAGE_MAX_BYTES = 64 * 1024
"""Larger messages are not read (close code 1009); the endpoints allow much less."""


class DirectChannel:
    """A Channel (see telemetra.live.channel) that writes finished frames to the transport of one WebSocket."""

    __slots__ = ("_protocol", "_socket", "_transport", "on_change", "open", "paused")

    def __init__(self, protocol: LiveWebSocketProtocol, socket: int) -> None:
        self._protocol = protocol
        self._socket = socket
        self._transport = protocol.transport
        self.open = True
        self.paused = False
        self.on_change: Callable[[], None] | None = None

    def idle_socket(self) -> int:
        transport = self._transport
        if self.open and not self.paused and not transport.is_closing() and not transport.get_write_buffer_size():
            return self._socket
        return -1

    def write(self, frame: Frame, sent: int = 0) -> None:
        # The transport closes before the endpoint hears of it; after a close frame nothing may follow.
        if self.open and not self._transport.is_closing():
            self._transport.write(frame.websocket[sent:])

    def write_all(self, frames: Sequence[Frame]) -> None:
        if self.open and not self._transport.is_closing():
            self._transport.write(b"".join([frame.websocket for frame in frames]))

    def waiting_bytes(self) -> int:
        return self._transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        if self.open:
            self._protocol.close_now(code, reason)
            self.lose()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        if self.on_change is not None:
            self.on_change()

    def lose(self) -> None:
        """The connection is gone or going."""
        self.open = False
        if self.on_change is not None:
            self.on_change()


class LiveWebSocketProtocol(WebSocketsSansIOProtocol):
    """Also ends connections whose client does not read: uvicorn waits for such a client to take what is buffered.

    Run the server with `ws=LiveWebSocketProtocol` and `ws_per_message_deflate=False`: a shared frame is not compressed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.max_message_size = CLIENT_MESSAGE_MAX_BYTES
        self.live_channel: DirectChannel | None = None
        self._abort_timer: asyncio.TimerHandle | None = None

    def open_channel(self, send_buffer_bytes: int) -> DirectChannel:
        """The direct way to this client, once the handshake is complete. Called at most once."""
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        descriptor = -1
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
            if self.transport.get_extra_info("sslcontext") is None:
                descriptor = connection.fileno()
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self.live_channel = DirectChannel(self, descriptor)
        return self.live_channel

    def close_now(self, code: int, reason: str) -> None:
        """Send a close frame behind what waits, without waiting for it to be sent as ASGI's `close` does."""
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:  # the client's own close frame is to be heard
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    async def run_asgi(self) -> None:
        self.scope["extensions"][EXTENSION] = {"protocol": self}
        await super().run_asgi()
        self._abort_later()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_later()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.live_channel is not None:
            self.live_channel.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.live_channel is not None:
            self.live_channel.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)
        if self.live_channel is not None:
            self.live_channel.lose()

    def _abort_later(self) -> None:
        if self._abort_timer is None and not self.disconnected:
            self._abort_timer = self.loop.call_later(self.close_timeout, self.transport.abort)


def direct_channel(scope: Scope, send_buffer_bytes: int) -> DirectChannel | None:
    """The direct way to the client of this scope, None where the server is another one. Call it after `accept`."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        return None
    protocol: LiveWebSocketProtocol = extension["protocol"]
    return protocol.open_channel(send_buffer_bytes)
