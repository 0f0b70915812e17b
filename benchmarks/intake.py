"""Durable intake over HTTP against FastAPI with executemany, against PostgreSQL's COPY, and against decoding alone.

Events go in requests of 1,000 over a few connections; a request is done with its 202. Telemetra runs as a standby,
which takes events and leaves the pipeline to others (benchmarks/replay.py has it behind intake). The servers use one
PostgreSQL, the embedded one with the product's settings. COPY is one connection that is handed rows encoded
beforehand in PostgreSQL's binary format, 5,000 a transaction, into a logged table without index; decoding alone is one
typed call for each body. Client, servers and database share the machine, so CPU seconds say more than events a second
where others use it too.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
import uvloop
from psycopg import sql

from benchmarks.support import report, servers
from benchmarks.support.chat import Feed, now, source
from benchmarks.support.resources import Meter, Postgres
from benchmarks.support.sender import send
from telemetra.engine.effects import Archived
from telemetra.kinds.broadcast import ChatMessage
from telemetra.model.event import Event, Run, in_runs
from telemetra.model.window import SECOND
from telemetra.store import copy_rows

HAS_ASYNCPG = find_spec("asyncpg") is not None
PEER = "benchmarks.peers.plain_intake"
PER_REQUEST = 1000
PER_COPY = 5000
CONNECTIONS = 4
STREAMS = 10
RATE = 1000.0
ROUNDS = 5
EVENTS = 100_000
PEER_EVENTS = 20_000

OURS, FASTAPI, COPY, DECODING = "Telemetra", "FastAPI, executemany", "COPY of encoded rows", "decoding alone"


class Round(NamedTuple):
    """CPU is in seconds per million events."""

    events_per_second: float
    client_cpu: float
    server_cpu: float
    postgres_cpu: float


class WholeEvent(msgspec.Struct, gc=False):
    """An event and its data, decoded at once."""

    event_id: str
    type: str
    stream_id: str
    timestamp: str
    data: ChatMessage


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    events, peer_events, rounds = (2_000, 1_000, 1) if tiny else (EVENTS, PEER_EVENTS, ROUNDS)
    sizes = f"{events:,} events a round (FastAPI {peer_events:,}), {PER_REQUEST:,} a request, {CONNECTIONS} connections"
    report.heading("Durable intake", source(), f"{sizes}, {rounds} rounds")
    with servers.directory() as work, servers.postgres(work / "data") as url:
        show(measure(work, url, events, peer_events, rounds))


def measure(work: Path, url: str, events: int, peer_events: int, rounds: int) -> dict[str, list[Round]]:
    database = Postgres(work / "data")
    decoder = msgspec.json.Decoder(list[WholeEvent])
    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        servers.leading(runner, url),
        servers.telemetra(work, settings={"DATABASE_URL": url}) as ours,
    ):

        def post(server: servers.Server, name: str, count: int) -> Callable[[int], Round]:
            def measured(number: int) -> Round:
                bodies = feed(f"{name}-{number}", count).bodies(count, PER_REQUEST)
                meter = Meter(server.process, database)
                accepted = runner.run(send(server.port, bodies, CONNECTIONS))
                return _round(meter, accepted, count)

            return measured

        def copy(number: int) -> Round:
            parts = encoded_rows(f"copy-{number}", events)
            meter = Meter(None, database)
            for part in parts:
                with connection.cursor().copy(statement) as copying:
                    copying.write(part)
            return _round(meter, events, events)

        def decode(number: int) -> Round:
            bodies = feed(f"decode-{number}", events).bodies(events, PER_REQUEST)
            meter = Meter(None, database)
            decoded = sum(len(decoder.decode(body)) for body in bodies)
            return _round(meter, decoded, events)

        with ExitStack() as stack:
            connection = stack.enter_context(psycopg.connect(url, autocommit=True))
            connection.execute("CREATE TABLE copied_events (LIKE events)")
            columns = sql.SQL(", ").join(map(sql.Identifier, copy_rows.COLUMNS))
            statement = sql.SQL("COPY copied_events ({}) FROM STDIN (FORMAT BINARY)").format(columns)
            contenders = {OURS: post(ours, "ours", events), COPY: copy, DECODING: decode}
            if HAS_ASYNCPG:
                fastapi = stack.enter_context(servers.peer(work, PEER, url, path="/ready"))
                contenders[FASTAPI] = post(fastapi, "peer", peer_events)
            else:
                print("  left out: FastAPI with executemany (asyncpg is not installed)")
            return report.interleaved(rounds, contenders)


def feed(name: str, count: int) -> Feed:
    return Feed(name, streams=STREAMS, rate=RATE, start=now() - round(count / RATE * SECOND))


def encoded_rows(name: str, count: int) -> list[bytes]:
    events = feed(name, count).events(count)
    return [
        b"".join(copy_rows.encode_rows(archived(first, events[first : first + PER_COPY]), 0))
        for first in range(0, count, PER_COPY)
    ]


def archived(first: int, events: list[Event]) -> list[Archived]:
    runs = [item for item in in_runs(events) if isinstance(item, Run)]
    offsets = accumulate(map(len, runs), initial=first)
    return [(offset, run, "counted") for offset, run in zip(offsets, runs, strict=False)]


def _round(meter: Meter, accepted: int, count: int) -> Round:
    seconds, client, server, database = meter.read()
    assert accepted == count, f"{accepted} of {count} events were accepted"
    return Round(count / seconds, *(cpu / count * 1e6 for cpu in (client, server, database)))


def show(results: dict[str, list[Round]]) -> None:
    medians = {}
    print(f"  {'':<36}{'events/s':>10}{'':<28}CPU s per million events: client, server, PostgreSQL")
    for name, rounds in results.items():
        rates, *cpu = zip(*rounds, strict=True)
        used = "  ".join(f"{statistics.median(values):5.1f}" for values in cpu)
        report.row(name, rates, "", used)
        medians[name] = statistics.median(rates)
    report.ratio("Telemetra / COPY", medians[OURS] / medians[COPY], "0.3")
    report.ratio("Telemetra / decoding alone", medians[OURS] / medians[DECODING])
    if FASTAPI in medians:
        report.ratio("Telemetra / FastAPI", medians[OURS] / medians[FASTAPI], "2, better 3")
        ours, theirs = (
            statistics.median(one.server_cpu + one.postgres_cpu for one in results[name]) for name in (OURS, FASTAPI)
        )
        report.ratio("FastAPI / Telemetra by CPU of server and PostgreSQL", theirs / ours)


if __name__ == "__main__":
    main()
