"""The one back-off."""

from __future__ import annotations

from itertools import islice

from telemetra.backoff import delays


def test_delays_double_up_to_thirty_seconds() -> None:
    assert list(islice(delays(lambda low, high: high), 8)) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_delays_are_shortened_by_at_most_a_half() -> None:
    assert list(islice(delays(lambda low, high: low), 7)) == [0.5, 1, 2, 4, 8, 15, 15]
    for _ in range(20):
        first, second = islice(delays(), 2)
        assert 0.5 <= first <= 1 <= second <= 2
