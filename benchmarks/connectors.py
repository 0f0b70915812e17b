"""From a venue's socket to the archive and to `/api/realtime`: 100 WebSocket connectors at 100 messages a second each.

A process of its own plays the venue: trades in Binance's form, each with the moment when it was handed to the socket.
`telemetra serve` with an embedded PostgreSQL runs the connectors, made and started through its API. One client of
`/api/realtime` takes every frame; twice a second the newest stored event of some is looked up in the archive.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import picows
import psutil
import psycopg
import uvloop

from benchmarks.support import report, servers
from benchmarks.support.resources import Postgres, cpu_seconds, pss_bytes

CONNECTORS, RATE, SECONDS = 100, 100, 30.0
DRAIN_SECONDS = 15.0
LOOK_SECONDS = 0.5
LOOKED_AT = 5
TARGET_SECONDS = 2.0
NEWEST = """
    SELECT max((data -> 'raw' ->> 'sent_us')::bigint) FROM events
    WHERE connector_id = %s AND timestamp > now() - interval '1 minute'
"""


class Data(msgspec.Struct):
    sent_us: int = 0


class Update(msgspec.Struct):
    type: str
    data: Data | None = None


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    count, rate, seconds = (4, 25, 3.0) if tiny else (CONNECTORS, RATE, SECONDS)
    sizes = f"{count} connectors at {rate} messages a second each for {seconds:.0f} s: {count * rate:,} a second"
    report.heading("Connectors under load", sizes)
    with (
        servers.directory() as work,
        servers.postgres(work / "data") as url,
        venue(work, rate, seconds) as port,
        servers.telemetra(work, settings={"DATABASE_URL": url, "EGRESS_ALLOW": "127.0.0.1"}) as server,
    ):
        database = Postgres(work / "data")
        processes = [server.process, *server.process.children(recursive=True)]
        before = cpu(processes), database.cpu_seconds(), time.perf_counter()
        frames, ages, memory = uvloop.run(measure(server, port, url, count, rate, seconds, processes, database))
        spent = time.perf_counter() - before[2]
        used = (cpu(processes) - before[0]) / spent, (database.cpu_seconds() - before[1]) / spent
        with psycopg.connect(url) as connection:
            stored = connection.execute("SELECT count(*), count(DISTINCT (source, event_id)) FROM events").fetchone()
        sent = sum(httpx.get(f"http://127.0.0.1:{port}/").json().values())
    assert stored is not None
    print(f"  sent {sent:,}, stored {stored[0]:,} (different: {stored[1]:,}), pushed {len(frames):,}")
    show("sending to the frame of /api/realtime", frames)
    show("age of the newest stored event", ages)
    print(f"  of one core over {spent:.0f} s: server {used[0]:.0%}, PostgreSQL {used[1]:.0%}")
    print(f"  PSS: server {memory[0] / 2**20:,.0f} MiB, PostgreSQL {memory[1] / 2**20:,.0f} MiB", flush=True)
    report.ratio("stored / sent", stored[0] / sent, "1")
    report.ratio(f"p99 of the push / {TARGET_SECONDS:.0f} s", percentiles(frames)["p99"] / TARGET_SECONDS, "below 1")


@contextlib.contextmanager
def venue(work: Path, rate: int, seconds: float) -> Iterator[int]:
    """The generator in a process of its own; gives its port."""
    port = servers.free_port()
    command = [sys.executable, "-m", "tests.support.feeds", "synthetic", "--port", str(port)]
    command += ["--rate", str(rate), "--seconds", str(seconds)]
    process = servers.Server(command, port, work, {"PYTHONPATH": str(Path(__file__).resolve().parents[1])})
    try:
        process.wait_for("/")
        yield port
    finally:
        process.stop()


async def measure(
    server: servers.Server,
    port: int,
    url: str,
    count: int,
    rate: int,
    seconds: float,
    processes: list[psutil.Process],
    database: Postgres,
) -> tuple[list[float], list[float], tuple[int, int]]:
    """Lags of all frames, ages of the newest stored events (both in seconds), and PSS while it worked."""
    lags: list[float] = []
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        ids = [await create(client, port, number) for number in range(count)]
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch(server.port, lags))
            await asyncio.sleep(0.5)
            for connector_id in ids:
                (await client.post(f"/api/connectors/{connector_id}/start")).raise_for_status()
            ages = await look(url, ids[:LOOKED_AT], seconds)
            memory = pss_bytes(processes), pss_bytes(database.processes())
            deadline = time.perf_counter() + DRAIN_SECONDS
            while len(lags) < count * rate * seconds and time.perf_counter() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            watching.cancel()
        if len(lags) < count * rate * seconds:
            print(f"  after {DRAIN_SECONDS:.0f} s more {len(lags):,} were pushed: it could not keep up")
    return lags, ages, memory


async def create(client: httpx.AsyncClient, port: int, number: int) -> str:
    symbol = f"S{number:03}USDT"
    fields = {"name": symbol, "api_url": f"ws://127.0.0.1:{port}/ws/{symbol}"}
    answer = await client.post(
        "/api/connectors", json={**fields, "exchange_name": "load", "format": "binance", "stale_after": 3600}
    )
    answer.raise_for_status()
    connector_id: str = answer.json()["connector_id"]
    return connector_id


class Watcher(picows.WSListener):  # type: ignore[misc]
    """Takes every frame of every connector, at little cost: it shares the machine with the server."""

    def __init__(self, lags: list[float]) -> None:
        self._lags = lags
        self._decode = msgspec.json.Decoder(Update).decode

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        now_us = time.time_ns() // 1000
        if frame.msg_type == picows.WSMsgType.TEXT:
            update = self._decode(frame.get_payload_as_bytes())
            if update.type == "data_update" and update.data is not None:
                self._lags.append((now_us - update.data.sent_us) / 1e6)
        elif frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())


async def watch(port: int, lags: list[float]) -> None:
    transport, _ = await picows.ws_connect(lambda: Watcher(lags), f"ws://127.0.0.1:{port}/api/realtime")
    await transport.wait_disconnected()


async def look(url: str, ids: Sequence[str], seconds: float) -> list[float]:
    """How old the newest stored event of these connectors is, again and again while all of them are fed."""
    ages: list[float] = []
    until = time.perf_counter() + seconds
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await asyncio.sleep(min(3.0, seconds / 2))
        while time.perf_counter() < until - 0.2:
            for connector_id in ids:
                row: Any = await (await connection.execute(NEWEST, (connector_id,))).fetchone()
                if row[0] is not None:
                    ages.append(time.time() - row[0] / 1e6)
            await asyncio.sleep(LOOK_SECONDS)
    return ages


def cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(cpu_seconds(process) for process in processes if process.is_running())


def percentiles(values: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(values)}


def show(name: str, values: Sequence[float]) -> None:
    if len(values) < 2:
        raise SystemExit(f"{name}: nothing was measured")
    told = ", ".join(f"{cut} {value * 1000:,.0f} ms" for cut, value in percentiles(values).items())
    print(f"  {name}: {told}")


if __name__ == "__main__":
    main()
