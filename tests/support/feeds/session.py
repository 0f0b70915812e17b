"""One connection of a client, on the server's side: raw sockets, so that everything can be done wrong on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.support.feeds.venues import Desk

READ_BYTES = 65_536
MOST_WAITING_BYTES = 64 << 20
"""A client that is further behind is cut, as venues do."""


def frame_bytes(text: str) -> bytes:
    """The WebSocket frame of a text, as a server sends it."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False, extensions=None)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a TCP reset."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Session:
    """`deaf`: neither reads nor answers pings. `silent`: sends no data; pings are answered."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, desk: Desk) -> None:
        self.number = number
        self.desk = desk
        self.silent = False
        self.sent_frames = 0
        self.most_waiting_bytes = 0
        self.wanting: set[str] = set()
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(max_size=None)

    def accept(self, head: bytes) -> None:
        """Answer the handshake."""
        self._protocol.receive_data(head)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
        self._flush()

    @property
    def open(self) -> bool:
        return self._protocol.state is State.OPEN and not self._writer.is_closing()

    @property
    def waiting_bytes(self) -> int:
        """What the client has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    def deafen(self, deaf: bool) -> None:
        if deaf:
            self._hearing.clear()
        else:
            self._hearing.set()

    def say(self, text: str) -> None:
        """An answer: sent at once, whatever is delayed."""
        self.write(frame_bytes(text))

    def write(self, frame: bytes) -> None:
        if self.open:
            self._writer.write(frame)
            self.most_waiting_bytes = max(self.most_waiting_bytes, self.waiting_bytes)
            if self.waiting_bytes > MOST_WAITING_BYTES:
                self.cut()

    async def drained(self) -> None:
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    def ping(self) -> None:
        if self.open:
            self._protocol.send_ping(b"feeds")
            self._flush()

    def close(self, code: int, reason: str = "") -> None:
        if self.open:
            self._protocol.send_close(code, reason)
            self._flush()

    def cut(self) -> None:
        reset(self._writer)

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Until the connection ends, by whomever."""
        try:
            while data := await self._reader.read(READ_BYTES):
                await self._hearing.wait()
                self._protocol.receive_data(data)
                self._flush()
                for event in self._protocol.events_received():
                    if isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.BINARY}:
                        heard(bytes(event.data).decode())
                if self._protocol.state is State.CLOSED or self._protocol.close_expected():
                    break
        except ConnectionError:
            return
        finally:
            self._writer.close()

    def _flush(self) -> None:
        if not self._writer.is_closing():
            self._writer.writelines(self._protocol.data_to_send())
