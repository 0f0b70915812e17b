"""What the pipeline's process has to say: in order, bounded, and the same when it has crossed the pipe."""

from __future__ import annotations

import asyncio
import os
import threading
from decimal import Decimal
from typing import Any

from telemetra.live.base import Publication
from telemetra.model.event import Event
from telemetra.model.window import Snapshot
from telemetra.worker.messages import (
    LENGTH,
    Changed,
    Committed,
    FromPipeline,
    Overflowed,
    Published,
    RoleChanged,
    framed,
    from_pipeline,
    restore,
)
from telemetra.worker.outbox import MOST_WAITING, SNAPSHOTS_A_MESSAGE, Outbox
from tests.support.engine import REGISTRY


def snapshot(stream: str, end: int, **values: Any) -> Snapshot:
    return Snapshot("default", stream, "broadcast", end, 60.0, values, has_data=True, data_at=end, z_score=None)


def event(number: int) -> Event:
    return Event(f"e{number}", "market.trade", "default", "s", "okx", 1, 1, b"{}", session_id="browser")


def through_a_pipe(message: FromPipeline) -> FromPipeline:
    frame = framed(message)
    assert LENGTH.unpack(frame[: LENGTH.size]) == (len(frame) - LENGTH.size,)
    return from_pipeline(frame[LENGTH.size :])


def test_only_the_newest_snapshot_of_a_stream_waits_and_behind_the_rest() -> None:
    outbox = Outbox()
    outbox.publish(Publication([snapshot("a", 1), snapshot("b", 1)], [], 10))
    outbox.publish(Publication([snapshot("a", 2)], [], 20))
    asyncio.run(outbox.changed([("default", "a")]))
    outbox.committed(5, 0.25)
    outbox.publish(Publication([snapshot("b", 3)], [], 30, events=[(7, event(7))]))
    assert outbox.take() == Changed([("default", "a")])
    assert outbox.take() == Committed(5, 0.25)
    assert outbox.take() == Published(Publication([], [], 30, events=[(7, event(7))]))
    assert outbox.take() == Published(Publication([snapshot("a", 2), snapshot("b", 3)], [], 30))


def test_many_snapshots_go_in_parts() -> None:
    outbox = Outbox()
    outbox.publish(Publication([snapshot(f"s{number}", 1) for number in range(SNAPSHOTS_A_MESSAGE + 1)], [], 1))
    sizes = [
        len(message.publication.snapshots)
        for message in (outbox.take(), outbox.take())
        if isinstance(message, Published)
    ]
    assert sizes == [SNAPSHOTS_A_MESSAGE, 1]


def test_what_waits_is_bounded_and_what_is_left_out_is_told() -> None:
    outbox = Outbox()
    outbox.role("leader")
    events = [(number, event(number)) for number in range(1000)]
    for _ in range(MOST_WAITING // 1000 + 5):
        outbox.publish(Publication([], [], 1, events=events))
    first = outbox.take()
    assert isinstance(first, Overflowed)
    assert outbox.take() == RoleChanged("leader")
    waiting = 0
    outbox.role("standby")
    while isinstance(message := outbox.take(), Published):
        waiting += len(message.publication.events)
    assert message == RoleChanged("standby")
    assert first.events + waiting == 1000 * (MOST_WAITING // 1000 + 5)


def test_one_message_may_be_larger_than_what_may_wait() -> None:
    outbox = Outbox()
    outbox.committed(1, 0.1)
    outbox.publish(Publication([], [], 1, events=[(number, event(number)) for number in range(MOST_WAITING + 1)]))
    outbox.committed(2, 0.1)
    assert outbox.take() == Overflowed(MOST_WAITING + 1)
    assert outbox.take() == Committed(2, 0.1)


def test_a_snapshot_is_the_same_when_it_has_crossed_the_pipe() -> None:
    values = {"revenue": Decimal("12.50"), "top_emotes": [["LUL", 3]], "avg_sentiment": None, "chat_count": 4}
    message = through_a_pipe(Published(Publication([snapshot("a", 1, **values)], [], 9)))
    assert isinstance(message, Published)
    restore(message.publication, REGISTRY.kinds)
    assert message == Published(Publication([snapshot("a", 1, **values)], [], 9))
    assert isinstance(message.publication.snapshots[0].values["revenue"], Decimal)


def test_the_thread_writes_all_and_ends_when_nobody_reads() -> None:
    inward, outward = os.pipe()
    outbox = Outbox()
    with os.fdopen(outward, "wb", buffering=0) as pipe:
        thread = threading.Thread(target=outbox.write_to, args=(pipe,), daemon=True)
        thread.start()
        large = Published(Publication([snapshot("a", 1, text="x" * 300_000)], [], 1))
        outbox.publish(large.publication)
        with os.fdopen(inward, "rb") as end:
            (length,) = LENGTH.unpack(end.read(LENGTH.size))
            assert from_pipeline(end.read(length)) == large
        outbox.committed(1, 0.1)
        thread.join(10)
        assert not thread.is_alive()
