"""The egress guard against real sockets: pinned addresses, redirects, hostile answers."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from telemetra.errors import EgressRefused, Unavailable
from telemetra.observability import configure_logging
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outbound import InboundResponse, OutboundRequest
from tests.support.certificates import tls_pair
from tests.support.peer import peer, redirect, response

LOOPBACK = ("127.0.0.1",)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def guard() -> AsyncIterator[EgressGuard]:
    """It may reach 127.0.0.1, which stands for a public address here; 127.0.0.2 stands for an internal one."""
    guard = EgressGuard(LOOPBACK)
    yield guard
    await guard.close()


async def get(
    guard: EgressGuard, url: str, seconds: float = 5, max_bytes: int = 100_000, **more: object
) -> InboundResponse:
    request = OutboundRequest("GET", url, **more)  # type: ignore[arg-type]
    return await guard.request(request, timeout_seconds=seconds, max_bytes=max_bytes)


async def test_an_answer_comes_as_it_was_sent(guard: EgressGuard) -> None:
    async with peer(response(b'{"a": 1}', "X-Thing: yes", status="429 Too Many")) as server:
        url = f"http://127.0.0.1:{server.port}/p%20q?a=1"
        answer = await get(guard, url, params=[("b", "x y&z")], headers={"X-Key": "k", "accept-encoding": "br"})
        assert (answer.status, answer.headers["x-thing"], answer.body) == (429, "yes", b'{"a": 1}')
        head = server.requests[0].decode()
    assert head.startswith(f"GET /p%20q?a=1&b=x%20y%26z HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n")
    assert "X-Key: k\r\n" in head
    assert "User-Agent: telemetra/" in head
    assert "Accept-Encoding: gzip\r\n" in head
    assert "br" not in head


async def test_a_closed_loopback_is_not_even_connected_to() -> None:
    guard = EgressGuard([])
    async with peer(response()) as server:
        for host in ("127.0.0.1", "localhost", "127.0.0.1.", "[::ffff:127.0.0.1]"):
            with pytest.raises(EgressRefused):
                await get(guard, f"http://{host}:{server.port}/")
        assert server.connections == 0
    await guard.close()


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.2:{port}/",
        "http://[::1]:{port}/",
        "http://[fd00::1]/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "//127.0.0.2:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://user@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
    ],
)
async def test_a_redirect_is_checked_like_the_first_url(guard: EgressGuard, location: str) -> None:
    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(redirect(location.format(port=server.port)))

    async with peer(answer) as server:
        with pytest.raises(EgressRefused):
            await get(guard, f"http://127.0.0.1:{server.port}/")
        assert server.connections == 1
        with pytest.raises(EgressRefused):
            await guard.connect(
                f"ws://127.0.0.1:{server.port}/", open_timeout_seconds=5, max_bytes=100, ping_interval_seconds=None
            )
        assert server.connections == 2


async def test_five_redirects_are_followed_and_no_more(guard: EgressGuard) -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        left = int(head.split(b" ")[1][1:])
        writer.write(redirect(f"/{left - 1}") if left else response(b"there"))

    async with peer(answer) as server:
        assert (await get(guard, f"http://127.0.0.1:{server.port}/5")).body == b"there"
        with pytest.raises(EgressRefused, match="more than 5 redirects"):
            await get(guard, f"http://127.0.0.1:{server.port}/6")


async def test_secrets_stay_with_the_origin_they_were_given_to(guard: EgressGuard) -> None:
    headers = {"Authorization": "Bearer hunter2", "X-My-Key": "hunter2", "Accept": "text/plain"}
    async with peer(response(b"elsewhere")) as other:
        location = f"http://127.0.0.1:{other.port}/"
        async with peer(redirect(location)) as first:
            url = f"http://127.0.0.1:{first.port}/"
            assert (await get(guard, url, headers=headers)).body == b"elsewhere"
        assert b"Bearer hunter2" in first.requests[0]
        assert b"hunter2" not in other.requests[0]
        assert b"Accept: text/plain" in other.requests[0]
        for status in ("307 Temporary", "308 Permanent"):
            async with peer(redirect(location, status)) as first:
                with pytest.raises(EgressRefused, match="body"):
                    request = OutboundRequest("POST", f"http://127.0.0.1:{first.port}/", body=b"hunter2")
                    await guard.request(request, timeout_seconds=5, max_bytes=1000)
        async with peer(redirect(location, "303 See Other")) as first:
            request = OutboundRequest("POST", f"http://127.0.0.1:{first.port}/", body=b"hunter2")
            await guard.request(request, timeout_seconds=5, max_bytes=1000)
        assert other.requests[-1].startswith(b"GET /")
        assert other.connections == 2


async def test_the_checked_address_is_the_one_connected_to() -> None:
    """DNS re-binding: the name answers a permitted address first and an internal one ever after."""
    asked = 0

    async def rebinding(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return ["127.0.0.1"] if asked == 1 else ["127.0.0.2"]

    guard = EgressGuard(LOOPBACK, resolver=rebinding)
    async with peer(response(b"pinned")) as server, peer(response(b"internal"), host="127.0.0.2") as internal:
        assert (await get(guard, f"http://rebind.test:{server.port}/")).body == b"pinned"
        assert asked == 1
        assert f"Host: rebind.test:{server.port}".encode() in server.requests[0]
        with pytest.raises(EgressRefused):
            await get(guard, f"http://rebind.test:{internal.port}/")
        with pytest.raises(EgressRefused):
            await guard.connect(
                f"ws://rebind.test:{internal.port}/", open_timeout_seconds=5, max_bytes=9, ping_interval_seconds=None
            )
        assert internal.connections == 0
    await guard.close()


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    guard = EgressGuard(["127.0.0.0/8"], resolver=resolver)
    async with peer(response(b"second")) as server:
        assert (await get(guard, f"http://two.test:{server.port}/")).body == b"second"
    await guard.close()


async def test_tls_is_verified_for_the_name_though_the_address_is_pinned(tmp_path: Path) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server_tls, client_tls = tls_pair(tmp_path, "feeds.test")
    names: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: names.append(name)
    guard = EgressGuard(LOOPBACK, resolver=resolver, tls=client_tls)
    async with peer(response(b"secure"), tls=server_tls) as server:
        assert (await get(guard, f"https://feeds.test:{server.port}/")).body == b"secure"
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await get(guard, f"https://other.test:{server.port}/")
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await guard.connect(
                f"wss://other.test:{server.port}/", open_timeout_seconds=5, max_bytes=9, ping_interval_seconds=None
            )
        assert names == ["feeds.test", "other.test", "other.test"]
        assert len(server.requests) == 1
    async with peer(redirect("http://feeds.test/"), tls=server_tls) as server:
        with pytest.raises(EgressRefused, match="plain text"):
            await get(guard, f"https://feeds.test:{server.port}/")
    await guard.close()


async def test_proxies_of_the_environment_are_not_asked(guard: EgressGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with peer(response(b"direct")) as server:
        assert (await get(guard, f"http://127.0.0.1:{server.port}/")).body == b"direct"


async def test_a_body_that_drips_is_cut_off_in_time(guard: EgressGuard) -> None:
    async def drip(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with peer(drip) as server:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match=r"within 0\.3 s"):
            await get(guard, f"http://127.0.0.1:{server.port}/", seconds=0.3)
        assert asyncio.get_running_loop().time() - begun < 2


async def test_a_server_that_says_nothing_is_cut_off_in_time(guard: EgressGuard) -> None:
    async def silent(_head: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with peer(silent) as server:
        with pytest.raises(Unavailable, match=r"within 0\.2 s"):
            await get(guard, f"http://127.0.0.1:{server.port}/", seconds=0.2)
        with pytest.raises(Unavailable, match=r"within 0\.2 s"):
            await guard.connect(
                f"ws://127.0.0.1:{server.port}/", open_timeout_seconds=0.2, max_bytes=9, ping_interval_seconds=None
            )


async def test_a_gzip_body_is_unpacked(guard: EgressGuard) -> None:
    packed = gzip.compress(b"abc" * 1000)
    async with peer(response(packed, "Content-Encoding: gzip")) as server:
        assert (await get(guard, f"http://127.0.0.1:{server.port}/")).body == b"abc" * 1000


async def test_a_gzip_bomb_is_never_unpacked(guard: EgressGuard) -> None:
    bomb = gzip.compress(bytes(200_000_000), 1)
    assert len(bomb) < 1_000_000
    async with peer(response(bomb, "Content-Encoding: gzip")) as server:
        tracemalloc.start()
        with pytest.raises(Unavailable, match="larger than 1,000,000 bytes"):
            await get(guard, f"http://127.0.0.1:{server.port}/", max_bytes=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (response(b"x" * 1001), "larger than 1,000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, "larger than 1,000 bytes"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n" + b"x" * 100 + b"\r\n",
            "breaks the protocol",
        ),
        (CHUNKED + b"zz\r\n", "breaks the protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "breaks the protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", "breaks the protocol"),
        (b"\x16\x03\x01\x02\x00", "breaks the protocol"),
        (b"", "breaks the protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "breaks the protocol"),
        (response(b"x", "Content-Encoding: br"), "not asked for"),
        (response(b"nonsense", "Content-Encoding: gzip"), "damaged"),
        (response(gzip.compress(b"abc")[:-4], "Content-Encoding: gzip"), "ends too early"),
        (response(gzip.compress(b"a") + gzip.compress(b"b"), "Content-Encoding: gzip"), "goes on after its end"),
    ],
)
async def test_a_hostile_answer_is_one_clear_error(guard: EgressGuard, answer: bytes, told: str) -> None:
    async with peer(answer) as server:
        with pytest.raises(Unavailable, match=told):
            await get(guard, f"http://127.0.0.1:{server.port}/?key=hunter2", max_bytes=1000)


async def test_endless_interim_answers_are_cut_off(guard: EgressGuard) -> None:
    async def interim(_head: bytes, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
            await writer.drain()

    async with peer(interim) as server:
        with pytest.raises(Unavailable, match="within"):
            await get(guard, f"http://127.0.0.1:{server.port}/", seconds=0.3)


async def test_a_port_that_nobody_listens_on_is_unavailable(guard: EgressGuard) -> None:
    async with peer(response()) as server:
        pass
    with pytest.raises(Unavailable, match="cannot connect"):
        await get(guard, f"http://127.0.0.1:{server.port}/")


async def test_no_log_line_shows_what_was_sent(guard: EgressGuard) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("DEBUG", "json", stream)
    try:
        async with peer(response()) as server:
            url = f"http://127.0.0.1:{server.port}/?key=hunter2"
            await get(guard, url, headers={"X-Key": "hunter2"}, params=[("k", "hunter2")])
        async with peer(b"nonsense\r\n\r\n") as server:
            with pytest.raises(Unavailable):
                await get(guard, f"http://127.0.0.1:{server.port}/hunter2", headers={"X-Key": "hunter2"})
    finally:
        root.handlers, root.level = handlers, level
        logging.getLogger("telemetra").setLevel(logging.NOTSET)
    assert "hunter2" not in stream.getvalue()
