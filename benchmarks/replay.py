"""Replay end to end: events posted until all that follows from them is committed, against intake alone.

Chat of 20 busy streams goes to one `telemetra serve` in requests of 1,000. First another holds the lead over the
pipeline (intake alone), then the server takes it and works off what has gathered (pipeline alone), then come rounds
with both (end to end): posted, and waited until every event is counted in windows, looked at by the detectors, written
to the ledger and to the archive. PostgreSQL is the embedded one with the product's settings.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psycopg
import uvloop

from benchmarks.support import report, servers
from benchmarks.support.chat import Feed, now, source
from benchmarks.support.resources import Meter, Postgres
from benchmarks.support.sender import send
from telemetra.model.window import SECOND

PER_REQUEST = 1000
CONNECTIONS = 4
STREAMS = 20
RATE = 250.0
ROUNDS = 3
EVENTS = 300_000
TARGET = 60_000
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.02

INTAKE, PIPELINE, WHOLE = "intake alone", "pipeline alone", "end to end"
_WAITING = "SELECT next - applied FROM log_head JOIN pipeline_offsets USING (partition)"
_STORED = """
    SELECT (SELECT sum(counted)::bigint FROM ledger_minute), (SELECT count(*) FROM events),
           (SELECT count(*) FROM chat_summary_minute), (SELECT count(*) FROM moments)
"""


class Round(NamedTuple):
    """CPU is in seconds per million events."""

    events_per_second: float
    client_cpu: float
    server_cpu: float
    postgres_cpu: float


def main(argv: Sequence[str] | None = None) -> None:
    tiny = report.arguments(__doc__, argv)
    events, rounds = (2_000, 1) if tiny else (EVENTS, ROUNDS)
    sizes = f"{events:,} events a round, {PER_REQUEST:,} a request, {CONNECTIONS} connections, {STREAMS} streams"
    report.heading("Replay", source(), f"{sizes}, {RATE:.0f} events a second of event time; {rounds} rounds")
    with servers.directory() as work, servers.postgres(work / "data") as url:
        show(measure(work, url, events, rounds))


def measure(work: Path, url: str, events: int, rounds: int) -> dict[str, list[Round]]:
    database = Postgres(work / "data")
    results: dict[str, list[Round]] = {}
    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        psycopg.connect(url, autocommit=True) as connection,
        ExitStack() as lead,
    ):
        lead.enter_context(servers.leading(runner, url))
        with servers.telemetra(work, settings={"DATABASE_URL": url}) as server:

            def measured(count: int, run: Callable[[], None]) -> Round:
                meter = Meter(server.process, database)
                run()
                seconds, *cpu = meter.read()
                return Round(count / seconds, *(used / count * 1e6 for used in cpu))

            def post(bodies: list[bytes]) -> None:
                assert runner.run(send(server.port, bodies, CONNECTIONS)) == events

            def post_and_wait(bodies: list[bytes]) -> None:
                post(bodies)
                wait(connection)

            post(bodies_of("warm-up", events))
            inputs = [bodies_of(f"alone-{number}", events) for number in range(rounds)]
            results[INTAKE] = [measured(events, partial(post, bodies)) for bodies in inputs]
            lead.close()
            results[PIPELINE] = [measured(events * (rounds + 1), lambda: wait(connection))]
            inputs = [bodies_of(f"whole-{number}", events) for number in range(rounds)]
            results[WHOLE] = [measured(events, partial(post_and_wait, bodies)) for bodies in inputs]
            check(connection, events * (2 * rounds + 1))
    return results


def bodies_of(name: str, events: int) -> list[bytes]:
    start = now() - round(events / RATE * SECOND)
    return Feed(name, streams=STREAMS, rate=RATE, start=start).bodies(events, PER_REQUEST)


def wait(connection: psycopg.Connection) -> None:
    """Until everything in the log is applied, and committed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if connection.execute(_WAITING).fetchone() == (0,):
            return
        time.sleep(POLL_SECONDS)
    raise SystemExit("the pipeline does not keep up")


def check(connection: psycopg.Connection, events: int) -> None:
    row = connection.execute(_STORED).fetchone()
    assert row is not None
    counted, archived, minutes, moments = row
    assert counted == archived == events, f"of {events} events {counted} were counted and {archived} archived"
    print(f"  stored: {archived:,} events, {minutes:,} minutes, {moments:,} moments")


def show(results: dict[str, list[Round]]) -> None:
    medians = {}
    print(f"  {'':<36}{'events/s':>10}{'':<28}CPU s per million events: client, server, PostgreSQL")
    for name, rounds in results.items():
        rates, *cpu = zip(*rounds, strict=True)
        used = "  ".join(f"{statistics.median(values):5.1f}" for values in cpu)
        report.row(name, rates, "", used)
        medians[name] = statistics.median(rates)
    report.ratio("end to end / intake alone", medians[WHOLE] / medians[INTAKE])
    report.ratio(f"end to end / {TARGET:,} events a second", medians[WHOLE] / TARGET, "1")


if __name__ == "__main__":
    main()
