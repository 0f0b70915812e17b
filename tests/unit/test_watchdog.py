"""Silence: what is stale, when a connection is given up, and which stream has stopped speaking."""

from __future__ import annotations

from telemetra.sources.watchdog import Watchdog

SECOND = 1_000_000


def test_silence_is_stale_from_its_limit_on_and_ends_with_data() -> None:
    watchdog = Watchdog(5, 0)
    assert not watchdog.stale(5 * SECOND - 1)
    assert watchdog.stale(5 * SECOND)
    watchdog.data(6 * SECOND)
    assert not watchdog.stale(10 * SECOND)


def test_a_new_connection_is_no_data() -> None:
    watchdog = Watchdog(5, 0)
    watchdog.opened(4 * SECOND)
    assert watchdog.stale(5 * SECOND)
    assert not watchdog.gives_up(8 * SECOND)
    assert watchdog.gives_up(9 * SECOND)


def test_a_quiet_source_is_opened_anew_ever_more_rarely() -> None:
    watchdog = Watchdog(10, 0)
    opened, given_up = 0, []
    for second in range(1000):
        if watchdog.gives_up(second * SECOND):
            given_up.append(second - opened)
            opened = second
            watchdog.opened(second * SECOND)
    assert given_up[:5] == [10, 20, 40, 80, 80]
    watchdog.data(1000 * SECOND)
    assert watchdog.gives_up(1010 * SECOND)


def test_what_we_do_not_read_is_no_silence() -> None:
    watchdog = Watchdog(5, 0)
    for second in range(100):
        watchdog.held_back(second * SECOND)
        assert not watchdog.gives_up(second * SECOND)
    assert not watchdog.stale(100 * SECOND)
    assert watchdog.stale(104 * SECOND)


def test_one_stream_that_stops_speaking_is_named_by_its_own_pace() -> None:
    watchdog = Watchdog(5, 0)
    for tenth in range(300):
        watchdog.data(tenth * SECOND // 10, ["fast"])
        if tenth % 10 == 0:
            watchdog.data(tenth * SECOND // 10, ["slow"])
    for second in range(30, 60):
        watchdog.data(second * SECOND, ["other"])
    assert watchdog.silent_streams(34 * SECOND) == []
    assert watchdog.silent_streams(36 * SECOND) == ["fast"]
    assert watchdog.silent_streams(55 * SECOND) == ["fast", "slow"]
    assert watchdog.silent_streams(70 * SECOND) == []  # the whole connector is stale then


def test_a_stream_of_few_messages_is_not_judged() -> None:
    watchdog = Watchdog(5, 0)
    watchdog.data(0, ["rare"])
    watchdog.data(59 * SECOND, ["other"])
    assert watchdog.silent_streams(60 * SECOND) == []
