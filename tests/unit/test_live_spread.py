"""One frame to many clients: every byte once and in order, whatever the kernel takes of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from telemetra.live.channel import QueueChannel
from telemetra.live.frames import Frame
from telemetra.live.spread import compiled, offer_to_all
from telemetra.live.subscriber import Subscriber
from tests.support.live import KEY


class SocketChannel:
    """What is not sent past it, it keeps."""

    def __init__(self, descriptor: int) -> None:
        self.open = True
        self.paused = False
        self.on_change: Callable[[], None] | None = None
        self.kept = b""
        self._descriptor = descriptor

    def idle_socket(self) -> int:
        return -1 if self.kept or self.paused else self._descriptor

    def write(self, frame: Frame, sent: int = 0) -> None:
        self.kept += frame.websocket[sent:]

    def write_all(self, frames: object) -> None:
        raise NotImplementedError

    def waiting_bytes(self) -> int:
        return len(self.kept)

    def close(self, code: int, reason: str) -> None:
        self.open = False


class Client:
    def __init__(self, stack: ExitStack) -> None:
        self.ours, self.theirs = map(stack.enter_context, socket.socketpair())
        self.theirs.setblocking(False)
        self.channel = SocketChannel(self.ours.fileno())
        self.subscriber = Subscriber(KEY, self.channel, "websocket", 1024)

    def read(self) -> bytes:
        got = b""
        while True:
            try:
                part = self.theirs.recv(1 << 20)
            except BlockingIOError:
                return got
            if not part:
                return got
            got += part


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    with ExitStack() as stack:
        yield [Client(stack) for _ in range(5)]


def everything(client: Client) -> bytes:
    return client.read() + client.channel.kept


def test_everybody_gets_every_byte_once(clients: list[Client]) -> None:
    frames = [Frame(os.urandom(size)) for size in (10, 70_000, 3_000_000, 20)]
    busy, resuming, *_ = clients
    busy.channel.paused = True
    for frame in frames[:3]:
        offer_to_all([client.subscriber for client in clients], frame)
    sent = frames[0].websocket + frames[1].websocket + frames[2].websocket
    for client in clients[1:]:
        if compiled is not None:
            assert 0 < len(client.channel.kept) < len(sent), "the kernel takes a part of what is too large for it"
        assert everything(client) == sent
    assert everything(busy) == b""  # only the newest is kept for it, by its subscriber
    resuming.channel.kept = b""
    resuming.subscriber.resuming = True
    offer_to_all([resuming.subscriber], frames[3])
    assert everything(resuming) == b""


def test_a_client_that_is_gone_is_left_to_its_channel(clients: list[Client]) -> None:
    gone, closed, here, *_ = clients
    gone.theirs.close()
    closed.ours.close()
    frame = Frame(b"payload")
    offer_to_all([client.subscriber for client in (gone, closed, here)], frame)
    assert gone.channel.kept == closed.channel.kept == frame.websocket
    assert everything(here) == frame.websocket


async def test_a_client_without_a_socket_is_written_to(clients: list[Client]) -> None:
    queue = QueueChannel()
    frame = Frame(b"payload")
    offer_to_all([Subscriber(KEY, queue, "sse", 1024), clients[0].subscriber], frame)
    assert await queue.take() == [frame]
    assert everything(clients[0]) == frame.websocket
