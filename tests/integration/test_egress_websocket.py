"""The egress guard's WebSockets against real servers."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from telemetra.errors import EgressRefused, HandshakeRefused, Unavailable
from telemetra.observability import configure_logging
from telemetra.sources.egress import EgressGuard
from tests.support.certificates import tls_pair
from tests.support.peer import peer, redirect, response


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def echoing(**options: object) -> AsyncIterator[int]:
    async with serve(echo, "127.0.0.1", 0, **options) as server:  # type: ignore[arg-type]
        yield next(iter(server.sockets)).getsockname()[1]


@pytest.fixture
async def guard() -> AsyncIterator[EgressGuard]:
    guard = EgressGuard(["127.0.0.1"])
    yield guard
    await guard.close()


async def opened(guard: EgressGuard, url: str, max_bytes: int = 1000, **headers: str) -> ClientConnection:
    return await guard.connect(
        url, headers=headers, open_timeout_seconds=5, max_bytes=max_bytes, ping_interval_seconds=20
    )


async def test_messages_go_both_ways_and_through_redirects(guard: EgressGuard) -> None:
    async with echoing() as port:
        for location in (f"ws://127.0.0.1:{port}/a", f"http://127.0.0.1:{port}/a"):
            async with peer(redirect(location)) as first:
                connection = await opened(guard, f"ws://127.0.0.1:{first.port}/", Authorization="Bearer hunter2")
                await connection.send("hello")
                assert await connection.recv() == "hello"
                assert connection.request is not None
                assert "Authorization" not in connection.request.headers
                assert b"Bearer hunter2" in first.requests[0]
                await connection.close()


async def test_a_message_that_is_too_large_closes_the_connection(guard: EgressGuard) -> None:
    async with echoing() as port:
        for message in ("x" * 1001, "x" * 900_000):  # the second is small while it is compressed
            connection = await opened(guard, f"ws://127.0.0.1:{port}/")
            await connection.send(message)
            with pytest.raises(ConnectionClosed) as caught:
                await connection.recv()
            assert caught.value.sent is not None
            assert caught.value.sent.code == 1009
            await connection.close()


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_an_answer_that_is_no_websocket_says_its_status(guard: EgressGuard, status: HTTPStatus) -> None:
    async with peer(response(b"no", "Retry-After: 17", status=f"{status.value} No")) as server:
        with pytest.raises(HandshakeRefused) as caught:
            await opened(guard, f"ws://127.0.0.1:{server.port}/?key=hunter2")
    assert caught.value.status == status
    assert caught.value.retry_after_seconds == 17
    assert str(caught.value) == f"127.0.0.1 answered HTTP {status.value}"


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n"])
async def test_nonsense_is_unavailable(guard: EgressGuard, answer: bytes) -> None:
    async with peer(answer) as server:
        with pytest.raises(Unavailable):
            await opened(guard, f"ws://127.0.0.1:{server.port}/")


async def test_endless_redirects_are_refused(guard: EgressGuard) -> None:
    async with peer(redirect("/again")) as server:
        with pytest.raises(EgressRefused, match="more than 5 redirects"):
            await opened(guard, f"ws://127.0.0.1:{server.port}/")
        assert server.connections == 6


async def test_tls_carries_the_name_to_the_pinned_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    server_tls, client_tls = tls_pair(tmp_path, "feeds.test")
    guard = EgressGuard(["127.0.0.1"], resolver=resolver, tls=client_tls)
    async with echoing(ssl=server_tls) as port:
        connection = await opened(guard, f"wss://feeds.test:{port}/x?y=z")
        assert connection.request is not None
        assert connection.request.headers["Host"] == f"feeds.test:{port}"
        assert connection.request.path == "/x?y=z"
        await connection.close()
    await guard.close()


async def test_no_log_line_shows_headers_or_messages(guard: EgressGuard) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("DEBUG", "json", stream)
    try:
        async with echoing() as port:
            connection = await opened(guard, f"ws://127.0.0.1:{port}/?key=hunter2", Authorization="hunter2")
            await connection.send("hunter2")
            assert await asyncio.wait_for(connection.recv(), 5) == "hunter2"
            await connection.close()
    finally:
        root.handlers, root.level = handlers, level
        logging.getLogger("telemetra").setLevel(logging.NOTSET)
    assert "hunter2" not in stream.getvalue()
