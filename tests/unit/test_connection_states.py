"""The state machine and the back-off of a connector: time is an argument, nothing waits."""

from __future__ import annotations

from collections.abc import Iterator

from telemetra.backoff import delays
from telemetra.sources.connection import Connection

SECOND = 1_000_000


def exact() -> Iterator[float]:
    return delays(lambda low, high: high)


def connection(*, healthy: float = 30.0, most: int = 0) -> Connection:
    return Connection(healthy_seconds=healthy, max_attempts=most, waits=exact)


def test_a_server_that_refuses_for_ten_minutes_is_asked_ever_more_rarely() -> None:
    refused = connection()
    now, waits = 0.0, []
    while now < 600:
        wait = refused.lost(round(now * SECOND))
        assert wait is not None
        waits.append(wait)
        now += wait
    assert waits[:8] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert set(waits[5:]) == {30}
    assert len(waits) == 24
    assert refused.status == "starting"


def test_the_waits_are_spread() -> None:
    shortest = Connection(healthy_seconds=30, waits=lambda: delays(lambda low, high: low))
    assert [shortest.lost(0) for _ in range(3)] == [0.5, 1, 2]


def test_a_server_that_accepts_and_cuts_at_once_does_not_begin_anew() -> None:
    flapping = connection()
    waits = []
    for second in range(4):
        flapping.opened(second * SECOND)
        flapping.data(second * SECOND + 1)
        waits.append(flapping.lost(second * SECOND + 2))
    assert waits == [1, 2, 4, 8]
    assert (flapping.status, flapping.reconnects) == ("reconnecting", 3)


def test_only_sustained_health_with_data_begins_anew() -> None:
    healthy = connection()
    healthy.lost(0)
    healthy.lost(0)
    healthy.opened(0)
    assert healthy.lost(100 * SECOND) == 4  # long, but without any data
    healthy.opened(200 * SECOND)
    healthy.data(229 * SECOND)
    assert healthy.attempts == 3
    healthy.data(230 * SECOND)
    assert healthy.attempts == 0
    assert healthy.lost(231 * SECOND) == 1


def test_the_source_may_ask_for_a_longer_wait() -> None:
    asked = connection()
    assert asked.lost(0, 17.0) == 17
    assert asked.lost(0, 0.1) == 2


def test_it_gives_up_after_the_permitted_attempts() -> None:
    limited = connection(most=2)
    limited.opened(0)
    assert [limited.lost(1), limited.lost(2), limited.lost(3)] == [1, 2, None]
    assert limited.status == "error"


def test_it_goes_through_its_states() -> None:
    machine = connection()
    states = [machine.status]
    machine.opened(0)
    states.append(machine.status)
    machine.lost(1)
    states.append(machine.status)
    machine.opened(2)
    states.append(machine.status)
    machine.end("stopped")
    states.append(machine.status)
    assert states == ["starting", "running", "reconnecting", "running", "stopped"]
    assert machine.connected_at is None
