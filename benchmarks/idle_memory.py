"""Memory per idle stream: after one event each of 1,000 and of 100,000 streams, and after they were forgotten.

`telemetra serve` with the embedded PostgreSQL, each size with a server of its own. Proportional set size (memory that
processes share is divided among them) of Telemetra and of PostgreSQL, above what they had before the first event.
Streams are forgotten after STREAM_TIMEOUT, here short; the live hub keeps the last numbers of each for ten minutes,
which are not waited for. Printed per stream, and as the ratio of the large size to the small one: memory that grows
faster than the number of streams shows in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
import uvloop

from benchmarks.support import report, servers
from benchmarks.support.chat import now
from benchmarks.support.resources import Postgres, pss_bytes
from benchmarks.support.sender import send
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND

SIZES = (1_000, 100_000)
PER_REQUEST = 1000
CONNECTIONS = 2
WAIT_SECONDS = 240.0
QUIET = {
    "WATERMARK_DELAY": "0",
    "ALLOWED_LATENESS": "1",
    "IDLE_CLOSE": "1",
    "STALE_AFTER": "2",
    "STREAM_TIMEOUT": "3",
}
FORGET_SECONDS = 5.0
"""More than STREAM_TIMEOUT: minutes are final by then."""
MIB = 1 << 20

_STATES = "SELECT count(*), count(*) FILTER (WHERE final_until > to_timestamp(%s)) FROM stream_state"


class Memory(NamedTuple):
    """Bytes of Telemetra and of PostgreSQL."""

    telemetra: int
    postgres: int

    def __sub__(self, other: Memory) -> Memory:
        return Memory(self.telemetra - other.telemetra, self.postgres - other.postgres)


def main(argv: Sequence[str] | None = None) -> None:
    sizes = (50, 500) if report.arguments(__doc__, argv) else SIZES
    report.heading("Memory of idle streams", "one event each; PSS above that before the first event")
    print(f"  {'':<28}{'Telemetra':>12}{'PostgreSQL':>12}   {'Telemetra a stream':>20}")
    a_stream = {}
    for streams in sizes:
        with servers.directory() as work, servers.postgres(work / "data") as url:
            before, held, forgotten = measure(work, url, streams)
        show("before", before, None)
        show(f"{streams:,} streams", held - before, streams)
        show(f"{streams:,} streams, forgotten", forgotten - before, streams)
        a_stream[streams] = max(1, (held - before).telemetra) / streams
    small, large = sizes
    report.ratio(f"a stream of {large:,} / of {small:,}", a_stream[large] / a_stream[small], "1 or less")


def measure(work: Path, url: str, streams: int) -> tuple[Memory, Memory, Memory]:
    """Before the first event, with all streams in memory, and after they were forgotten."""
    database = Postgres(work / "data")
    with servers.telemetra(work, settings={"DATABASE_URL": url, **QUIET}) as server:

        def memory() -> Memory:
            return Memory(pss_bytes([server.process]), pss_bytes(database.processes()))

        before = memory()
        started = now()
        accepted = uvloop.run(send(server.port, bodies(streams, started), CONNECTIONS))
        assert accepted == streams
        with psycopg.connect(url, autocommit=True) as connection:
            wait_until(connection, lambda stored, final: stored == streams, started)
            held = memory()
            wait_until(connection, lambda stored, final: final == streams, started)
        time.sleep(FORGET_SECONDS)
        return before, held, memory()


def bodies(streams: int, time_us: int) -> list[bytes]:
    timestamp = rfc3339(time_us)
    data = {"user_id": "someone", "message": "hello"}
    events = [
        {"event_id": f"e{n}", "type": "chat.message", "stream_id": f"s{n}", "timestamp": timestamp, "data": data}
        for n in range(streams)
    ]
    return [msgspec.json.encode(events[first : first + PER_REQUEST]) for first in range(0, streams, PER_REQUEST)]


def wait_until(connection: psycopg.Connection, done: Callable[[int, int], bool], started: int) -> None:
    """`done` is asked with the number of streams whose state is stored, and of those whose minute is final."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        row = connection.execute(_STATES, (started / SECOND,)).fetchone()
        assert row is not None
        if done(*row):
            return
        time.sleep(0.1)
    raise SystemExit("the pipeline does not keep up")


def show(name: str, memory: Memory, streams: int | None) -> None:
    telemetra, postgres = (f"{size / MIB:9.1f} MiB" for size in memory)
    each = f"{memory.telemetra / streams:16,.0f} bytes" if streams else ""
    print(f"  {name:<28}{telemetra}{postgres}   {each}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
