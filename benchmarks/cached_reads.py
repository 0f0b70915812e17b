"""Cached reads against a bare ASGI application that answers the same bytes, on the same server settings.

Both run in processes of their own; one client with 32 keep-alive connections asks them in turn, in five interleaved
rounds. Printed: answers per second (medians), CPU microseconds of the server's process per answer, and their ratios.
"""

from __future__ import annotations

import json
import multiprocessing
import select
import socket
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import uvloop

from telemetra import app, server
from telemetra.settings import load_settings

HOST = "127.0.0.1"
CONNECTIONS = 32
ROUNDS = 5
SECONDS = 2.0
WARM_UP_SECONDS = 0.3
MINUTES = 30
START = 1_445_081_400  # 2015-10-17T11:30:00Z, the start of a minute
PATH = f"/api/v1/streams/bench/metrics?limit={MINUTES}"
READY_SECONDS = 60.0


def serve_telemetra(port: int, data_dir: str) -> None:
    settings = load_settings(host=HOST, port=port, data_dir=data_dir, log_level="WARNING")
    uvloop.run(app.serve(settings))


def serve_bare(port: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvloop.run(server.run(bare, server.listen(HOST, port), before_exit=lambda: None))


class Client:
    """Keep-alive connections, each with one request under way; a request follows an answer at once.

    It never sleeps: a client that has to be woken makes the server pay for it, and more so the slower the server is.
    """

    def __init__(self, port: int) -> None:
        self._request = f"GET {PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode()
        self._answer_bytes = _length_of_answer(port, self._request)
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._received: dict[int, int] = {}
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((HOST, port))
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
            self._received[connection.fileno()] = 0
            self._epoll.register(connection, select.EPOLLIN)
            connection.send(self._request)

    def run(self, seconds: float) -> int:
        """The number of answers within that time."""
        answers = 0
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for number, _ in self._epoll.poll(0):
                connection = self._sockets[number]
                received = self._received[number] + len(connection.recv(1 << 20))
                if received >= self._answer_bytes:
                    received -= self._answer_bytes
                    answers += 1
                    connection.send(self._request)
                self._received[number] = received
        return answers

    def close(self) -> None:
        for connection in self._sockets.values():
            connection.close()
        self._epoll.close()


def measure(port: int, process: psutil.Process) -> tuple[float, float]:
    """Answers per second and CPU microseconds of the server per answer."""
    client = Client(port)
    client.run(WARM_UP_SECONDS)
    cpu = sum(process.cpu_times()[:2])
    answers = client.run(SECONDS)
    cpu = sum(process.cpu_times()[:2]) - cpu
    client.close()
    return answers / SECONDS, cpu / answers * 1e6


def _length_of_answer(port: int, request: bytes) -> int:
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(request)
        reader = connection.makefile("rb")
        head = b"".join(iter(reader.readline, b"\r\n")) + b"\r\n"
        assert head.startswith(b"HTTP/1.1 200"), head
        lines = head.lower().split(b"\r\n")
        return len(head) + next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))


def events() -> bytes:
    """Some chat and viewers a minute, and one event later that closes the last minute."""
    made = []
    for minute in range(MINUTES + 2):
        stamp = time.strftime("%Y-%m-%dT%H:%M:01Z", time.gmtime(START + 60 * minute))
        for n in range(5):
            data = {"user_id": f"u{n}", "message": "that was close PogChamp"}
            made.append(_event(f"m{minute}.{n}", "chat.message", stamp, data))
        made.append(_event(f"v{minute}", "viewer.count", stamp, {"viewer_count": 1000 + minute}))
    return json.dumps(made).encode()


def _event(event_id: str, event_type: str, timestamp: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": event_id, "type": event_type, "stream_id": "bench", "timestamp": timestamp, "data": data}


def fetch(port: int, path: str, body: bytes | None = None) -> tuple[list[tuple[str, str]], bytes]:
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.getheaders(), response.read()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(urllib.error.URLError, ConnectionError):
            if condition():
                return
        time.sleep(0.1)
    raise SystemExit("the server did not get ready")


def start(target: Callable[..., None], *arguments: Any) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    return process


def free_port() -> int:
    with server.listen(HOST, 0) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    processes = []
    with tempfile.TemporaryDirectory(prefix="tlm-bench-") as directory:
        try:
            port, bare_port = free_port(), free_port()
            processes.append(start(serve_telemetra, port, str(Path(directory, "data"))))
            wait_for(lambda: fetch(port, "/ready")[1] != b"")
            fetch(port, "/api/v1/events", events())
            wait_for(lambda: len(json.loads(fetch(port, PATH)[1])) == MINUTES)
            headers, body = fetch(port, PATH)
            added_by_server = ("date", "server", "connection")
            raw = [(k.encode(), v.encode()) for k, v in headers if k.lower() not in added_by_server]
            processes.append(start(serve_bare, bare_port, raw, body))
            wait_for(lambda: fetch(bare_port, "/")[1] == body)
            compare(port, bare_port, [psutil.Process(process.pid) for process in processes], len(body))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(20)


def compare(port: int, bare_port: int, processes: list[psutil.Process], body_bytes: int) -> None:
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        bare.append(measure(bare_port, processes[1]))
        ours.append(measure(port, processes[0]))
    rate, cpu = (statistics.median(values) for values in zip(*ours, strict=True))
    bare_rate, bare_cpu = (statistics.median(values) for values in zip(*bare, strict=True))
    print(f"cached GET metrics, {MINUTES} rows, {body_bytes} bytes, {CONNECTIONS} connections")
    print(f"  telemetra  {rate:9,.0f} answers/s  {cpu:6.1f} us CPU each")
    print(f"  bare ASGI  {bare_rate:9,.0f} answers/s  {bare_cpu:6.1f} us CPU each")
    print(f"  ratio      {rate / bare_rate:9.2f}            {bare_cpu / cpu:6.2f} by CPU")


if __name__ == "__main__":
    main()
