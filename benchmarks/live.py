"""A live feed, the time of its events being the clock: how many events a second are kept up with.

Chat of 20 streams is posted to `telemetra serve`, ten times a second what a tenth of a second holds, made beforehand.
Until everything is counted in windows, written to the ledger and to the archive it waits in the log; how much waits is
asked ten times a second. A rate is kept up with when, but for the first seconds, never more than `TARGET_SECONDS` of it
wait, and all is sent in time. (`replay` is about recordings, which hold much more event time for the same number of
events: more windows, more detection.)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
import uvloop

from benchmarks.support import report, servers
from benchmarks.support.chat import Feed, now, source
from benchmarks.support.resources import Meter, Postgres
from benchmarks.support.sender import Connection
from telemetra.model.window import SECOND

RATES = (20_000, 40_000, 50_000, 60_000)
TARGET = 60_000
TARGET_SECONDS = 2.0
SECONDS = 30.0
WARM_SECONDS = 5.0
"""What is waited for at first is not looked at: new streams, cold memory."""
BEAT_SECONDS = 0.1
CONNECTIONS = 2
STREAMS = 20
DRAIN_SECONDS = 120.0
_WAITING = "SELECT next - applied FROM log_head JOIN pipeline_offsets USING (partition)"


class Kept(NamedTuple):
    """`sent_in` are seconds; `waiting` are events by the time at which they were counted, from the first event on."""

    sent_in: float
    drained_in: float
    waiting: list[tuple[float, int]]


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    seconds, rates = (2.0, RATES[:1]) if tiny else (SECONDS, RATES)
    report.heading("Live feed", source(), f"{STREAMS} streams, {seconds:.0f} s of each rate")
    best = 0
    with servers.directory() as work, servers.postgres(work / "data") as url:
        database = Postgres(work / "data")
        with servers.telemetra(work, settings={"DATABASE_URL": url}) as server:
            for rate in rates:
                bodies, start = made(rate, seconds)
                meter = Meter(server.process, database)
                kept = uvloop.run(run(server.port, url, bodies, start))
                _, *cpu = meter.read()
                if show(rate, seconds, kept, cpu):
                    best = rate
    report.ratio(f"kept up with / {TARGET:,} events a second", best / TARGET, "1")


def made(rate: int, seconds: float) -> tuple[list[bytes], float]:
    """The request of each beat, and the time (as time.time) at which the first is due: when all are made, as far as one
    can tell."""
    per_beat, beats = round(rate * BEAT_SECONDS), round(seconds / BEAT_SECONDS)

    def bodies(number: int, start: int) -> list[bytes]:
        feed = Feed(f"at-{rate}", streams=STREAMS, rate=rate, start=start - round(BEAT_SECONDS * SECOND))
        return feed.bodies(number * per_beat, per_beat)

    bodies(1, 0)
    began = time.time()
    bodies(1, 0)
    takes = 1.5 * beats * (time.time() - began)
    return bodies(beats, now() + round(takes * SECOND)), max(began + takes, time.time())


async def run(port: int, url: str, bodies: list[bytes], start: float) -> Kept:
    waiting: list[tuple[float, int]] = []
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        watch = asyncio.create_task(look(connection, start, waiting))
        sent_in = await send(port, bodies, start)
        deadline = time.time() + DRAIN_SECONDS
        while not waiting or waiting[-1][1]:
            assert time.time() < deadline, "the pipeline does not end"
            await asyncio.sleep(0.05)
        drained_in = time.time() - start
        watch.cancel()
    return Kept(sent_in, drained_in, waiting)


async def look(connection: psycopg.AsyncConnection, start: float, waiting: list[tuple[float, int]]) -> None:
    while True:
        cursor = await connection.execute(_WAITING)
        row = await cursor.fetchone()
        assert row is not None
        waiting.append((time.time() - start, row[0]))
        await asyncio.sleep(0.1)


async def send(port: int, bodies: list[bytes], start: float) -> float:
    """Each at its time, or at once when it is overdue; returns the seconds from `start` to the last answer."""
    numbered = iter(enumerate(bodies))

    async def through(connection: Connection) -> None:
        for number, body in numbered:
            await asyncio.sleep(max(0.0, start + number * BEAT_SECONDS - time.time()))
            await connection.post("/api/v1/events", body)
        connection.close()

    await asyncio.gather(*[through(await Connection.open(port)) for _ in range(CONNECTIONS)])
    return time.time() - start


def show(rate: int, seconds: float, kept: Kept, cpu: Sequence[float]) -> bool:
    warm = [waiting / rate for at, waiting in kept.waiting if min(WARM_SECONDS, seconds / 2) < at < kept.sent_in]
    late = max(0.0, kept.sent_in - seconds)
    most = max(warm)
    used = ", ".join(
        f"{name} {each / kept.drained_in:.0%}"
        for name, each in zip(("client", "server", "PostgreSQL"), cpu, strict=True)
    )
    good = most < TARGET_SECONDS and late < TARGET_SECONDS
    print(
        f"  {rate:,} events/s: sent {late:.1f} s late, at most {most:.2f} s of it waited, the last was done "
        f"{kept.drained_in - kept.sent_in:.1f} s after it was sent; of one core: {used}"
        f"{'' if good else '; NOT kept up with'}"
    )
    return good


if __name__ == "__main__":
    main()
