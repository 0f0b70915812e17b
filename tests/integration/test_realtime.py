"""`/api/realtime` through a real server on loopback, and from the tables on a standby."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from telemetra.api import push_messages
from telemetra.api.ws_protocol import LiveWebSocketProtocol
from tests.support.feed_events import trade, updates
from tests.support.live import LiveServer, live_server, receive, until

Protocol = type[asyncio.Protocol] | None
MESSAGES = {str(model.__struct_config__.tag): model for model in push_messages.REALTIME_SENT}


@pytest.fixture(params=[LiveWebSocketProtocol, None], ids=["our-protocol", "plain-asgi"])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    value: Protocol = request.param
    return value


def realtime(live: LiveServer, query: str = "", **options: Any) -> connect:
    return connect(f"ws://{live.base}/api/realtime{query}", **options)


async def documented(client: ClientConnection) -> dict[str, Any]:
    """The next message, held against its type of the AsyncAPI document."""
    message = await receive(client)
    msgspec.convert(message, MESSAGES[message["type"]])
    return message


async def test_connected_then_what_is_committed(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live, realtime(live, "?exchange=okx&instrument=") as client:
        assert (await documented(client))["filter"] == {"exchange": "okx"}
        live.realtime.deliver(updates(trade(1), trade(2, exchange="binance"), trade(3)))
        assert [(await documented(client))["id"] for _ in range(2)] == [1, 3]


async def test_messages_of_the_client_are_answered(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live, realtime(live) as client:
        await receive(client)
        for sent, answered in (
            ('{"type":"ping"}', ("pong", None)),
            ('{"type":"dance"}', ("error", "invalid_message")),
            ("no json", ("error", "invalid_json")),
            (b"\x00", ("error", "invalid_message")),
            ("x" * 5000, ("error", "message_too_large")),
        ):
            await client.send(sent)
            answer = await documented(client)
            assert (answer["type"], answer.get("code")) == answered


async def test_pings(protocol: Protocol) -> None:
    options = {"ping_seconds": 0.02}
    async with live_server(protocol=protocol, realtime_options=options) as live, realtime(live) as client:
        assert [(await documented(client))["type"] for _ in range(3)] == ["connected", "ping", "ping"]


@pytest.mark.parametrize(
    ("query", "origin", "status"),
    [("", "https://evil.example", 403), ("?exchange=" + "x" * 201, None, 422)],
)
async def test_refused_before_the_handshake(query: str, origin: Any, status: int) -> None:
    async with live_server() as live:
        with pytest.raises(InvalidStatus) as refused:
            async with realtime(live, query, origin=origin):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["status"] == status


async def test_full(protocol: Protocol) -> None:
    options = {"max_connections": 1}
    async with live_server(protocol=protocol, realtime_options=options) as live, realtime(live) as client:
        await receive(client)
        with pytest.raises(InvalidStatus) as refused:
            async with realtime(live):
                pass
        assert refused.value.response.status_code == 503


async def test_a_client_that_does_not_read_costs_the_others_nothing_and_is_told() -> None:
    options = {"buffer_bytes": 1024 * 1024}
    async with live_server(realtime_options=options) as live:
        receiver = socket.socket()
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        receiver.setblocking(False)
        host, port = live.base.split(":")
        await asyncio.get_running_loop().sock_connect(receiver, (host, int(port)))
        async with (
            realtime(live, sock=receiver, max_queue=1, compression=None) as slow,
            realtime(live, max_queue=None) as fast,
        ):
            await receive(fast)
            total = 20_000
            for first in range(0, total, 1000):
                live.realtime.deliver(updates(*map(trade, range(first, first + 1000))))
                assert [(await receive(fast))["id"] for _ in range(1000)] == list(range(first, first + 1000))
            group = next(iter(live.realtime._groups.values()))
            assert group.bytes <= 1024 * 1024
            got, told = 0, 0
            assert (await receive(slow))["type"] == "connected"
            while got + told < total:
                message = await documented(slow)
                if message["type"] == "error":
                    assert message["code"] == "updates_dropped"
                    told += message["dropped"]
                else:
                    assert message["id"] == got + told
                    got += 1
            assert told > 0
        await until(lambda: live.realtime.connections == 0)
