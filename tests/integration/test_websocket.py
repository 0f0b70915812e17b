"""The live WebSocket through a real server on loopback, with a client that knows nothing of ours."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from telemetra.api.ws_protocol import LiveWebSocketProtocol
from tests.support.live import EPOCH, STREAM, live_server, moment, publication, receive, snapshot, until

Protocol = type[asyncio.Protocol] | None


@pytest.fixture(params=[LiveWebSocketProtocol, None], ids=["our-protocol", "plain-asgi"])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    """Frames go past ASGI, or through it as with servers that are not ours."""
    value: Protocol = request.param
    return value


async def test_connected_then_metrics_then_a_moment(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live, live.connect() as client:
        connected = await receive(client)
        assert (connected["type"], connected["epoch"], connected["offset"]) == ("connected", EPOCH, 100)
        first = await receive(client)
        assert (first["type"], first["has_data"]) == ("metrics", False)
        live.hub.deliver(publication(snapshot(chat_count=9), moment()))
        await live.hub.tick()
        pushed, metrics = await receive(client), await receive(client)
        assert (pushed["type"], pushed["moment_id"]) == ("moment", str(moment().moment_id))
        assert (metrics["type"], metrics["chat_count"], metrics["offset"]) == ("metrics", 9, 101)
        assert metrics["recent_moments"][0]["moment_id"] == pushed["moment_id"]


async def test_resume_after_a_lost_connection(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live:
        async with live.connect() as client:
            connected = await receive(client)
            assert (await receive(client))["type"] == "metrics"
        missed = [moment(0, emitted=101), moment(10, emitted=102)]
        live.history.moments = missed
        live.hub.deliver(publication(*missed, committed=102))
        async with live.connect() as client:
            assert [(await receive(client))["type"] for _ in range(2)] == ["connected", "metrics"]
            await client.send(
                json.dumps({"type": "resume", "epoch": connected["epoch"], "offset": connected["offset"]})
            )
            answer = [await receive(client) for _ in range(3)]
            assert [m.get("moment_id") for m in answer] == [*(str(m.moment_id) for m in missed), None]
            assert (answer[2]["type"], answer[2]["offset"]) == ("metrics", 102)


async def test_resume_of_another_log_fails_and_sends_everything() -> None:
    async with live_server() as live, live.connect() as client:
        live.history.moments = [moment(emitted=3)]
        await client.send('{"type":"resume","epoch":"another","offset":90}')
        types = [(await receive(client))["type"] for _ in range(5)]
        assert types == ["connected", "metrics", "resume_failed", "moment", "metrics"]


async def test_messages_of_the_client_are_answered(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live, live.connect() as client:
        await receive(client)
        await receive(client)
        cases: list[tuple[str | bytes, tuple[str, str | None]]] = [
            ('{"type":"ping"}', ("pong", None)),
            ('{"type":"dance"}', ("error", "invalid_message")),
            ('{"type":"resume","epoch":"e","offset":-1}', ("error", "invalid_message")),
            ('{"type":"resume","epoch":"e","offset":"7"}', ("error", "invalid_message")),
            ("[]", ("error", "invalid_message")),
            ("no json", ("error", "invalid_json")),
            ('{"type":"ping","x":' + "[" * 4000, ("error", "invalid_json")),
            (json.dumps({"type": "ping", "padding": "x" * 5000}), ("error", "message_too_large")),
            (b"\x00\x01", ("error", "invalid_message")),
            ('{"type":"ping"}', ("pong", None)),
        ]
        for sent, expected in cases:
            await client.send(sent)
            answer = await receive(client)
            assert (answer["type"], answer.get("code")) == expected, sent


async def test_a_message_beyond_every_limit_ends_the_connection() -> None:
    async with live_server() as live, live.connect() as client:
        await client.send("x" * 100_000)
        with pytest.raises(ConnectionClosed) as closed:
            await drain(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        await until(lambda: live.hub.connections == 0)


async def test_a_client_that_talks_without_end_is_stopped(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live, live.connect() as client:
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(1000):
                await client.send('{"type":"ping"}')
            await drain(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        await until(lambda: live.hub.connections == 0)


async def drain(client: object) -> None:
    while True:
        await receive(client)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, None),
        ("http://{base}", None),
        ("https://dashboard.example", None),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
    ],
)
async def test_browsers_of_foreign_origins_are_refused(origin: str | None, status: int | None) -> None:
    async with live_server(origins=("https://dashboard.example",)) as live:
        headers = {} if origin is None else {"Origin": origin.format(base=live.base)}
        if status is None:
            async with live.connect(additional_headers=headers) as client:
                assert (await receive(client))["type"] == "connected"
        else:
            with pytest.raises(InvalidStatus) as refused:
                await live.connect(additional_headers=headers)
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body or b"{}")["error_code"] == "forbidden_origin"


@pytest.mark.parametrize(("path", "status"), [("a%20b", 422), ("%00", 422), ("x" * 201, 422), ("x" * 200, None)])
async def test_only_possible_stream_ids_are_taken(path: str, status: int | None) -> None:
    async with live_server() as live:
        if status is None:
            async with live.connect(path) as client:
                assert (await receive(client))["stream_id"] == path
        else:
            with pytest.raises(InvalidStatus) as refused:
                await live.connect(path)
            assert refused.value.response.status_code == status


async def test_a_channel_name_with_a_hash_is_one_stream() -> None:
    async with live_server() as live, live.connect("%23lirik") as client:
        assert (await receive(client))["stream_id"] == "#lirik"


async def test_a_full_process_says_so_before_the_handshake() -> None:
    async with live_server(max_connections=1) as live, live.connect() as client:
        await receive(client)
        with pytest.raises(InvalidStatus) as refused:
            await live.connect()
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "5"


async def test_health_counts_connections_by_stream() -> None:
    async with live_server() as live, httpx.AsyncClient(base_url=f"http://{live.base}") as rest:
        async with live.connect() as one, live.connect() as two, live.connect("other") as three:
            for client in (one, two, three):
                await receive(client)
            health = (await rest.get("/ws/live/health")).json()
            assert health == {
                "status": "ok",
                "active_streams": 2,
                "total_connections": 3,
                "streams": {STREAM: 2, "other": 1},
            }
        await until(lambda: live.hub.connections == 0)
        health = (await rest.get("/ws/live/health")).json()
        assert health == {"status": "ok", "active_streams": 0, "total_connections": 0, "streams": {}}


async def test_a_client_that_vanishes_is_forgotten(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live:
        client = await live.connect()
        await receive(client)
        client.transport.abort()
        await until(lambda: live.hub.connections == 0)


async def test_the_server_stops_while_clients_are_connected(protocol: Protocol) -> None:
    async with live_server(protocol=protocol) as live:
        client = await live.connect()
        await receive(client)
        live.hub.close()
        with pytest.raises(ConnectionClosed) as closed:
            await drain(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


async def test_frames_written_together_arrive_in_order() -> None:
    async with live_server() as live, live.connect() as client:
        for _ in range(2):
            await receive(client)
        for number in range(200):
            live.hub.deliver(publication(moment(10 * number), committed=101 + number))
            if number % 20 == 0:
                await asyncio.sleep(0)
        offsets = [(await receive(client))["offset"] for _ in range(200)]
        assert offsets == list(range(101, 301))
