"""From the 202 of an event to the WebSocket frame that shows it, at 5,000 events a second.

Chat of five streams is posted in ten requests a second to `telemetra serve` with the embedded PostgreSQL; each stream
has a WebSocket. Twenty times a second a reading of viewers, numbered, goes to one of the streams in turn: the first
frame whose viewer_count has reached the number shows it. Updates are pushed every 1.5 s, so that a mean of 0.75 s is
the least that there can be.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Sequence

import msgspec
import uvloop
from websockets.asyncio.client import connect

from benchmarks.support import report, servers
from benchmarks.support.chat import Feed, now, source
from benchmarks.support.resources import Meter, Postgres
from benchmarks.support.sender import Connection
from telemetra.model.times import rfc3339

PATH = "/api/v1/events"
STREAMS = 5
RATE = 5_000
BEAT_SECONDS = 0.1
PROBE_SECONDS = 0.05
SECONDS = 30.0
DRAIN_SECONDS = 5.0
TARGET_SECONDS = 2.0
INTERVAL_SECONDS = 1.5


class Update(msgspec.Struct):
    type: str
    viewer_count: int = 0


class Watcher:
    """One stream's WebSocket, and the readings that were stored and not yet shown."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.waiting: dict[int, float] = {}
        self.latencies: list[float] = []

    async def watch(self, port: int) -> None:
        decode = msgspec.json.Decoder(Update).decode
        async with connect(f"ws://127.0.0.1:{port}/ws/live/{self.stream}") as websocket:
            async for message in websocket:
                update, seen_at = decode(message), time.perf_counter()
                for number in [number for number in self.waiting if number <= update.viewer_count]:
                    self.latencies.append(seen_at - self.waiting.pop(number))

    async def probe(self, connection: Connection, number: int) -> None:
        data = {"viewer_count": number}
        event = {"event_id": f"probe-{number}", "type": "viewer.count", "stream_id": self.stream}
        body = msgspec.json.encode([event | {"timestamp": rfc3339(now()), "data": data}])
        await connection.post(PATH, body)
        self.waiting[number] = time.perf_counter()


def main(argv: Sequence[str] | None = None) -> None:
    seconds = 2.0 if report.arguments(__doc__, argv) else SECONDS
    sizes = f"{RATE:,} events a second over {STREAMS} streams for {seconds:.0f} s"
    report.heading("Latency of live updates", source(), f"{sizes}; a probe every {PROBE_SECONDS * 1000:.0f} ms")
    with (
        servers.directory() as work,
        servers.postgres(work / "data") as url,
        servers.telemetra(work, settings={"DATABASE_URL": url}) as server,
    ):
        meter = Meter(server.process, Postgres(work / "data"))
        sent, latencies, unseen = uvloop.run(measure(server.port, seconds))
        _, client, ours, database = meter.read()
    show(sent / seconds, latencies, unseen)
    cpu = ", ".join(f"{name} {used / seconds:.0%}" for name, used in (("server", ours), ("PostgreSQL", database)))
    print(f"  of one core: {cpu}, client {client / seconds:.0%}")


async def measure(port: int, seconds: float) -> tuple[int, list[float], int]:
    """Events sent, seconds of each probe, and how many probes no frame has shown."""
    watchers = [Watcher(f"live-{number}") for number in range(STREAMS)]
    until = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as tasks:
        watching = [tasks.create_task(watcher.watch(port)) for watcher in watchers]
        chat = tasks.create_task(send_chat(port, until))
        await send_probes(port, watchers, until)
        sent = await chat
        deadline = time.perf_counter() + DRAIN_SECONDS
        while any(watcher.waiting for watcher in watchers) and time.perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        for task in watching:
            task.cancel()
    latencies = [latency for watcher in watchers for latency in watcher.latencies]
    return sent, latencies, sum(len(watcher.waiting) for watcher in watchers)


async def send_chat(port: int, until: float) -> int:
    """At the rate, whatever the answers take; what cannot be sent in time is sent late, not left out."""
    connection = await Connection.open(port)
    per_beat = round(RATE * BEAT_SECONDS)
    sent = 0
    async for beat in _beats(BEAT_SECONDS, until):
        skip = beat * per_beat
        feed = Feed(f"beat-{beat}", streams=STREAMS, rate=RATE, start=now(), called="live", skip=skip)
        sent += await connection.post(PATH, feed.bodies(per_beat, per_beat)[0])
    connection.close()
    return sent


async def send_probes(port: int, watchers: Sequence[Watcher], until: float) -> None:
    connection = await Connection.open(port)
    async for number in _beats(PROBE_SECONDS, until):
        await watchers[number % len(watchers)].probe(connection, number + 1)
    connection.close()


async def _beats(interval_seconds: float, until: float) -> AsyncIterator[int]:
    """Numbers, each when it is due; what is overdue comes at once."""
    due = time.perf_counter()
    for number in itertools.count():
        if due >= until:
            return
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        yield number
        due += interval_seconds


def show(events_per_second: float, latencies: list[float], unseen: int) -> None:
    cuts = statistics.quantiles(latencies, n=100)
    milliseconds = {"median": cuts[49], "p99": cuts[98], "max": max(latencies), "mean": statistics.fmean(latencies)}
    shown = ", ".join(f"{name} {value * 1000:,.0f} ms" for name, value in milliseconds.items())
    print(f"  sent {events_per_second:,.0f} events/s; {len(latencies)} probes shown, {unseen} not: {shown}")
    report.ratio(f"p99 / {TARGET_SECONDS:.0f} s", cuts[98] / TARGET_SECONDS, "below 1")
    report.ratio(
        f"mean / half of the {INTERVAL_SECONDS} s between updates", 2 * milliseconds["mean"] / INTERVAL_SECONDS
    )


if __name__ == "__main__":
    main()
