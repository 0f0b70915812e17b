"""Memory per idle stream: after one event each of 1,000 and of 100,000 streams, and after they were forgotten.

One `telemetra serve` with the embedded PostgreSQL. Proportional set size (memory that processes share is divided among
them) of Telemetra and of PostgreSQL, above what they had before the first event of each size. Streams are forgotten
after STREAM_TIMEOUT, here short; the live hub keeps the last numbers of each for ten minutes, which are not waited for,
and Python does not give all memory back. The ratio of a stream's memory among many to that among few shows whether it
grows faster than their number.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec
import psutil
import psycopg
import uvloop

from benchmarks.support import report, servers
from benchmarks.support.chat import now
from benchmarks.support.resources import Postgres, family, pss_bytes
from benchmarks.support.sender import send
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND

SIZES = (1_000, 100_000)
PER_REQUEST = 1000
CONNECTIONS = 2
WAIT_SECONDS = 300.0
QUIET = {
    "WATERMARK_DELAY": "0",
    "ALLOWED_LATENESS": "1",
    "IDLE_CLOSE": "1",
    "STALE_AFTER": "1",
    "STREAM_TIMEOUT": "1",
}
FORGET_SECONDS = 12.0
"""STREAM_TIMEOUT, and the time from one look for such streams to the next."""
MIB = 1 << 20

_STATES = """
    SELECT count(*), count(*) FILTER (WHERE final_until > to_timestamp(%(since)s)) FROM stream_state
    WHERE starts_with(stream_id, %(prefix)s)
"""


STORED, FINAL = range(2)


class Memory(NamedTuple):
    """Bytes of Telemetra and of PostgreSQL."""

    telemetra: int
    postgres: int

    def __sub__(self, other: Memory) -> Memory:
        return Memory(self.telemetra - other.telemetra, self.postgres - other.postgres)


def main(argv: Sequence[str] | None = None) -> None:
    sizes, forget_seconds = ((20, 200), 0.0) if report.arguments(__doc__, argv) else (SIZES, FORGET_SECONDS)
    report.heading("Memory of idle streams", "one event each; PSS above that before the first of them")
    print(f"  {'':<28}{'Telemetra':>12}{'PostgreSQL':>12}   {'Telemetra a stream':>20}")
    a_stream = {}
    with (
        servers.directory() as work,
        servers.postgres(work / "data") as url,
        servers.telemetra(work, settings={"DATABASE_URL": url, **QUIET}) as server,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        database = Postgres(work / "data")
        for streams in sizes:
            before = memory(server.process, database)
            show("before", before, None)
            started = now()
            assert uvloop.run(send(server.port, bodies(streams, started), CONNECTIONS)) == streams
            wait = partial(wait_until, connection, f"{streams}-", started, streams)
            if not wait(STORED):
                print(f"  left out: {streams:,} streams were not stored within {WAIT_SECONDS:.0f} s")
                return
            held = memory(server.process, database) - before
            show(f"{streams:,} streams", held, streams)
            if wait(FINAL):
                time.sleep(forget_seconds)
                show(f"{streams:,} streams, forgotten", memory(server.process, database) - before, streams)
            a_stream[streams] = max(1, held.telemetra) / streams
    small, large = sizes
    report.ratio(f"a stream of {large:,} / of {small:,}", a_stream[large] / a_stream[small], "1 or less")


def memory(server: psutil.Process, database: Postgres) -> Memory:
    return Memory(pss_bytes(family(server)), pss_bytes(database.processes()))


def bodies(streams: int, time_us: int) -> list[bytes]:
    timestamp = rfc3339(time_us)
    data = {"user_id": "someone", "message": "hello"}
    shared = {"type": "chat.message", "timestamp": timestamp, "data": data}
    events = [shared | {"event_id": f"e{n}", "stream_id": f"{streams}-{n}"} for n in range(streams)]
    return [msgspec.json.encode(events[first : first + PER_REQUEST]) for first in range(0, streams, PER_REQUEST)]


def wait_until(connection: psycopg.Connection, prefix: str, started: int, streams: int, column: int) -> bool:
    """Until the states of so many streams are STORED, or their minutes FINAL. False when it takes too long."""
    given = {"prefix": prefix, "since": started / SECOND}
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        row = connection.execute(_STATES, given).fetchone()
        assert row is not None
        if row[column] == streams:
            return True
        time.sleep(0.1)
    return False


def show(name: str, memory: Memory, streams: int | None) -> None:
    telemetra, postgres = (f"{size / MIB:9.1f} MiB" for size in memory)
    each = f"{memory.telemetra / streams:16,.0f} bytes" if streams else ""
    print(f"  {name:<28}{telemetra}{postgres}   {each}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
