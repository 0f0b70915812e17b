"""The pipeline's process: `python -m telemetra.worker.main`, started by the server and by nobody else.

It reads what it must know from standard input and writes what it has to say to standard output. When the input ends the
server is gone, however it went, and so is this process at once: what was in work is not committed, as after any kill.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import RawIOBase

import uvloop

from telemetra.clock import system_clock
from telemetra.eventlog.postgres import PostgresLog
from telemetra.garbage import collect_rarely
from telemetra.kinds.base import Kind
from telemetra.kinds.registry import load_registry
from telemetra.leader import Leader, RunPipeline, owner_name
from telemetra.moments.heads import installed_heads
from telemetra.moments.stream import MomentDetectors
from telemetra.observability import configure_logging
from telemetra.pipeline import Pipeline, Ports
from telemetra.store.archive import PartitionMaker
from telemetra.store.checkpoint import CheckpointStore
from telemetra.store.database import Database
from telemetra.store.moment_settings import SettingsBook
from telemetra.store.moments import moments_since
from telemetra.tracing import Tracer
from telemetra.worker.messages import LENGTH, Start, Stop, ToPipeline, to_pipeline
from telemetra.worker.outbox import Outbox

CONNECTIONS = 2


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the server, which tells us when to end
    # Without buffers: threads wait in them when the process ends. And nobody prints into the messages.
    inward = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    outward = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    start = _read(inward)
    if not isinstance(start, Start):
        return
    configure_logging(start.log_level, start.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(start, inward, outward))


async def _run(start: Start, inward: RawIOBase, outward: RawIOBase) -> None:
    outbox = Outbox()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen() -> None:
        if isinstance(_read(inward), Stop):
            loop.call_soon_threadsafe(stop.set)
            _read(inward)
        os._exit(1)

    threading.Thread(target=listen, name="server's end", daemon=True).start()
    threading.Thread(target=outbox.write_to, args=(outward,), name="outbox", daemon=True).start()
    tracer = Tracer(start.otlp_endpoint)
    try:
        await Leader(start.conninfo, lambda: _opened(start, outbox, tracer), outbox.role).run(stop)
    finally:
        await asyncio.to_thread(tracer.close)


@asynccontextmanager
async def _opened(start: Start, outbox: Outbox, tracer: Tracer) -> AsyncIterator[RunPipeline]:
    """What the pipeline needs, with connections of its own, and what runs it."""
    registry, heads = load_registry(start.currency), installed_heads()
    database = Database(start.conninfo, min_size=1, max_size=CONNECTIONS, name="telemetra pipeline")
    await database.open()
    store, book, partitions = CheckpointStore(database, registry), SettingsBook(database), PartitionMaker()
    ports = Ports(
        log=PostgresLog(database),
        store=store,
        settings=book,
        relay=outbox,
        invalidate=outbox.changed,
        prepare=lambda times: partitions.make(database, times),
        restart=partitions.forget_all,
        recent_moments=lambda since: moments_since(database, since),
    )

    def detectors(kind: Kind, workspace_id: str, stream_id: str) -> MomentDetectors:
        return MomentDetectors(kind, workspace_id, stream_id, book.of(workspace_id, stream_id), heads)

    async def run(stop: asyncio.Event) -> None:
        owner = await store.take_over(0, owner_name())
        pipeline = Pipeline(
            owner, ports, registry, detectors, start.pipeline, clock=system_clock, metrics=outbox, tracer=tracer
        )
        await pipeline.run(stop)

    collect_rarely()
    try:
        yield run
    finally:
        await database.close()


def _read(inward: RawIOBase) -> ToPipeline | None:
    """The next message, None at the end."""
    head = _exactly(inward, LENGTH.size)
    payload = _exactly(inward, LENGTH.unpack(head)[0]) if head else b""
    return to_pipeline(payload) if payload else None


def _exactly(inward: RawIOBase, size: int) -> bytes:
    """So many bytes, or none when the end comes first."""
    read = b""
    while len(read) < size:
        part = inward.read(size - len(read))
        if not part:
            return b""
        read += part
    return read


if __name__ == "__main__":
    main()
