"""Clients that do not read, and clients that come and go: what they cost is bounded and nobody else notices."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import socket
from contextlib import closing
from typing import Any

import msgspec
import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from telemetra.api.ws_protocol import LiveWebSocketProtocol
from telemetra.live.channel import HIGH_WATER_BYTES
from telemetra.live.subscriber import RESTARTING, TOO_SLOW, Subscriber
from tests.support.live import STREAM, LiveServer, live_server, moment, publication, receive, snapshot, until

CLIENT_BYTES = 256 * 1024


class ImpatientProtocol(LiveWebSocketProtocol):
    """Waits a moment for a client that is being closed, not ten seconds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.close_timeout = 0.2


def deaf_client(live: LiveServer, request: str, receive_bytes: int = 4096) -> socket.socket:
    """A connection whose request is sent and whose answer nobody reads; its own buffer is small."""
    host, port = live.base.split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.connect((host, int(port)))
    client.sendall(request.replace("\n", "\r\n").encode() + b"\r\n")
    return client


def websocket_request(live: LiveServer) -> str:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws/live/{STREAM} HTTP/1.1\nHost: {live.base}\nUpgrade: websocket\nConnection: Upgrade\n"
        f"Sec-WebSocket-Key: {key}\nSec-WebSocket-Version: 13\n"
    )


def sse_request(live: LiveServer) -> str:
    return f"GET /api/v1/streams/{STREAM}/live HTTP/1.1\nHost: {live.base}\n"


def only_subscriber(live: LiveServer) -> Subscriber:
    (feed,) = live.hub._watched.values()
    (subscriber,) = feed.subscribers
    return subscriber


async def tick_until_slow(live: LiveServer, subscriber: Subscriber) -> int:
    """Ticks until snapshots are being replaced; returns how many there were."""
    for count in range(20_000):
        live.hub.deliver(publication(snapshot(chat_count=count)))
        await live.hub.tick()
        if subscriber.superseded > 20:
            return count
        if count % 50 == 0:
            await asyncio.sleep(0.001)
    raise AssertionError("the client never became slow")


@pytest.mark.parametrize("request_of", [websocket_request, sse_request], ids=["websocket", "sse"])
async def test_snapshots_for_a_client_that_never_reads_are_not_piled_up(request_of: Any) -> None:
    async with live_server(client_bytes=CLIENT_BYTES) as live:
        with closing(deaf_client(live, request_of(live))):
            await until(lambda: live.hub.connections == 1)
            deaf = only_subscriber(live)
            count = await tick_until_slow(live, deaf)
            for more in range(count, count + 500):
                live.hub.deliver(publication(snapshot(chat_count=more)))
                await live.hub.tick()
            assert deaf.channel.open
            assert deaf.channel.waiting_bytes() < HIGH_WATER_BYTES + 4096
            assert deaf.superseded > 500
        await until(lambda: live.hub.connections == 0)


async def test_a_client_that_never_reads_is_closed_when_its_budget_is_full_and_nobody_else_is() -> None:
    async with live_server(client_bytes=CLIENT_BYTES) as live, live.connect() as reader:
        for _ in range(2):
            await receive(reader)
        client = deaf_client(live, websocket_request(live), 65536)  # a smaller one reads slower than the grace allows
        await until(lambda: live.hub.connections == 2)
        sent = 0
        while live.hub.connections == 2:
            sent += 1
            live.hub.deliver(publication(moment(10 * sent), committed=100 + sent))
            assert (await receive(reader))["offset"] == 100 + sent
            assert sent < 5000, "the budget is never full"
        frames, code = await asyncio.to_thread(read_to_the_end, client)
        assert code == TOO_SLOW
        moments = [frame for frame in frames if b'"type":"moment"' in frame]
        assert len(moments) == sent, "what was sent before the close arrives before it"
        await live.hub.tick()
        assert (await receive(reader))["type"] == "metrics"


async def test_what_a_slow_client_reads_in_the_end_is_whole_frames_in_order() -> None:
    async with live_server(client_bytes=CLIENT_BYTES) as live:
        client = deaf_client(live, websocket_request(live), 65536)
        await until(lambda: live.hub.connections == 1)
        count = await tick_until_slow(live, only_subscriber(live))
        live.hub.close()
        frames, code = await asyncio.to_thread(read_to_the_end, client)
        shown = [msgspec.json.decode(frame)["chat_count"] for frame in frames if b'"type":"metrics"' in frame]
        assert code == RESTARTING
        assert shown[1:] == sorted(set(shown[1:])), "after the greeting each once"
        assert 20 < len(shown) < count


def read_to_the_end(client: socket.socket) -> tuple[list[bytes], int | None]:
    """All text messages and the close code of a connection from its handshake on; answers the close."""
    protocol = Protocol(CLIENT, state=OPEN)
    with closing(client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        protocol.receive_data(head.partition(b"\r\n\r\n")[2])
        while protocol.close_rcvd is None and (chunk := client.recv(65536)):
            protocol.receive_data(chunk)
        client.sendall(b"".join(protocol.data_to_send()))
    events = [event for event in protocol.events_received() if isinstance(event, Frame)]
    code = None if protocol.close_rcvd is None else protocol.close_rcvd.code
    return [bytes(event.data) for event in events if event.opcode is Opcode.TEXT], code


async def test_a_slow_reader_of_events_is_ended_after_what_it_was_sent() -> None:
    async with live_server(client_bytes=CLIENT_BYTES) as live:
        client = deaf_client(live, sse_request(live), 65536)
        await until(lambda: live.hub.connections == 1)
        channel = only_subscriber(live).channel
        sent = 0
        while channel.open:
            sent += 1
            live.hub.deliver(publication(moment(10 * sent), committed=100 + sent))
            await asyncio.sleep(0)
        received = await asyncio.to_thread(read_response, client)
        assert received.count(b'"type":"moment"') == sent
        await until(lambda: live.hub.connections == 0)


def read_response(client: socket.socket) -> bytes:
    """A chunked response to its end."""
    received = b""
    with closing(client):
        while not received.endswith(b"0\r\n\r\n") and (chunk := client.recv(65536)):
            received += chunk
    return received


async def test_a_client_that_does_not_even_read_its_close_is_cut_off() -> None:
    async with live_server(client_bytes=CLIENT_BYTES, protocol=ImpatientProtocol) as live:
        with closing(deaf_client(live, websocket_request(live))):
            await until(lambda: live.hub.connections == 1)
            onset = 0
            while live.hub.connections:
                onset += 10
                live.hub.deliver(publication(moment(onset)))
                await asyncio.sleep(0)
            assert live.server.server_state.connections
            await until(lambda: not live.server.server_state.connections)


async def test_a_deaf_client_does_not_keep_the_server_from_stopping() -> None:
    async with live_server(protocol=ImpatientProtocol) as live:
        client = deaf_client(live, websocket_request(live))
        await until(lambda: live.hub.connections == 1)
        await tick_until_slow(live, only_subscriber(live))
    client.close()
    assert not live.server.server_state.connections


async def test_a_thousand_clients_that_come_and_go_leave_nothing_behind() -> None:
    async with live_server() as live:

        async def visit(number: int) -> None:
            client = await live.connect(f"stream-{number % 7}")
            await receive(client)
            if number % 3 == 0:
                client.transport.abort()
            elif number % 3 == 1:
                await client.close()
            else:
                await client.send('{"type":"resume","epoch":"e","offset":0}')
                await client.close()

        for batch in range(10):
            live.hub.deliver(publication(snapshot(), moment(10 * batch)))
            async with asyncio.timeout(20):
                await asyncio.gather(*(visit(batch * 100 + number) for number in range(100)), live.hub.tick())
        await until(lambda: live.hub.connections == 0)
        assert live.hub.subscribed() == ()
        await until(lambda: not live.server.server_state.connections)
        gc.collect()
        alive = [thing for thing in gc.get_objects() if isinstance(thing, LiveWebSocketProtocol | Subscriber)]
        assert len(alive) < 20


async def test_handshakes_that_are_never_finished_are_no_clients() -> None:
    async with live_server() as live:
        halves = [deaf_client(live, f"GET /ws/live/{STREAM} HTTP/1.1\nHost: {live.base}\nUpgr") for _ in range(50)]
        async with live.connect() as client:
            assert (await receive(client))["type"] == "connected"
            assert live.hub.connections == 1
        for half in halves:
            half.close()
