"""Missing numbers: what is a hole, what fills it, and what belongs to a disconnect."""

from __future__ import annotations

from telemetra.formats.feed import SequenceMark
from telemetra.sources.sequences import Observed, Sequences


def mark(first: int, last: int | None = None, stream: str = "s", channel: str = "trades") -> SequenceMark:
    return SequenceMark(stream, channel, first, first if last is None else last)


def see(sequences: Sequences, *marks: SequenceMark, time: int = 0, connection: int = 0) -> Observed:
    return sequences.observe(marks, time, connection)


def test_consecutive_numbers_are_no_news() -> None:
    sequences = Sequences()
    assert see(sequences, mark(5), mark(6, 9), mark(10)) == ([], [], [])


def test_a_jump_is_a_hole_between_the_two_times() -> None:
    sequences = Sequences()
    see(sequences, mark(5), time=100)
    (hole,) = see(sequences, mark(9), time=200).new
    assert (hole.first, hole.last, hole.missing, hole.start, hole.end) == (6, 8, 3, 100, 200)


def test_late_numbers_fill_a_hole_piece_by_piece() -> None:
    sequences = Sequences()
    see(sequences, mark(5))
    (hole,) = see(sequences, mark(10)).new
    assert see(sequences, mark(7)).filled == []
    assert hole.missing == 3
    assert see(sequences, mark(5, 6)).filled == []
    assert sequences.late(mark(8, 12)) == [hole]
    assert hole.missing == 0
    assert see(sequences, mark(11)) == ([], [], [])


def test_repeats_are_no_news() -> None:
    sequences = Sequences()
    see(sequences, mark(5), mark(6))
    assert see(sequences, mark(5), mark(6), mark(7)) == ([], [], [])


def test_channels_and_streams_count_for_themselves() -> None:
    sequences = Sequences()
    see(sequences, mark(5), mark(50, channel="books"), mark(500, stream="t"))
    assert see(sequences, mark(6), mark(51, channel="books"), mark(501, stream="t")).new == []


def test_zero_begins_anew() -> None:
    sequences = Sequences()
    see(sequences, mark(5))
    assert see(sequences, mark(0, 900), mark(901)) == ([], [], [])


def test_a_jump_over_a_reconnect_belongs_to_the_disconnect() -> None:
    sequences = Sequences()
    see(sequences, mark(5), time=100)
    sequences.reconnected()
    observed = see(sequences, mark(9), time=300, connection=1)
    assert observed.new == []
    assert [(hole.first, hole.last) for hole in observed.lost] == [(6, 8)]
    assert [(hole.first, hole.last) for hole in see(sequences, mark(12), connection=1).new] == [(10, 11)]


def test_numbers_of_a_new_connection_that_begin_lower_are_no_hole() -> None:
    sequences = Sequences()
    see(sequences, mark(500))
    sequences.reconnected()
    assert see(sequences, mark(1), mark(2), connection=1) == ([], [], [])


def test_two_connections_of_a_planned_change_count_for_themselves() -> None:
    sequences = Sequences()
    see(sequences, mark(500), connection=0)
    assert see(sequences, mark(1), connection=1) == ([], [], [])
    assert see(sequences, mark(501), connection=0) == ([], [], [])
    assert see(sequences, mark(2), connection=1) == ([], [], [])
    assert [(hole.first, hole.last) for hole in see(sequences, mark(4), connection=1).new] == [(3, 3)]


def test_only_the_last_two_connections_are_remembered() -> None:
    """However often a source is opened anew as planned."""
    sequences = Sequences()
    for connection in range(1000):
        see(sequences, mark(1), mark(2), connection=connection)
    sequences.reconnected()
    assert sequences.before == {("s", "trades"): 2}
    assert len(sequences._last) == 0
    for connection in range(1000, 1100):
        see(sequences, mark(1), connection=connection)
    assert len(sequences._last) == 2


def test_what_was_fetched_before_the_new_connection_speaks_is_not_missing() -> None:
    sequences = Sequences()
    see(sequences, mark(5))
    sequences.reconnected()
    assert sequences.before == {("s", "trades"): 5}
    sequences.late(mark(6, 7))
    sequences.late(mark(8))
    assert see(sequences, mark(9), connection=1) == ([], [], [])


def test_the_usual_case_is_taken_quickly_and_the_others_are_left() -> None:
    sequences = Sequences()
    assert not sequences.follows(mark(5), 0)
    see(sequences, mark(5))
    assert sequences.follows(mark(6), 0)
    assert not sequences.follows(mark(6), 0)
    assert not sequences.follows(mark(9), 0)
    assert [(hole.first, hole.last) for hole in see(sequences, mark(9)).new] == [(7, 8)]


def test_a_jump_over_a_planned_change_of_connection_is_a_hole() -> None:
    sequences = Sequences()
    see(sequences, mark(5), time=100, connection=1)
    (hole,) = see(sequences, mark(9), time=200, connection=2).new
    assert (hole.first, hole.last, hole.start, hole.end) == (6, 8, 100, 200)
    assert see(sequences, mark(10), connection=2) == ([], [], [])


def test_an_overlap_over_a_planned_change_of_connection_is_none() -> None:
    sequences = Sequences()
    see(sequences, mark(5), connection=1)
    assert see(sequences, mark(4), connection=2) == ([], [], [])
    assert see(sequences, mark(5), mark(6), connection=2) == ([], [], [])
