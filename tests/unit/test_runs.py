"""Runs: how a request becomes some, how they are cut and taken apart."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from telemetra.model.event import Event, Rejection, count_of, cut, in_runs, one_by_one
from telemetra.operations.intake_runs import RequestRuns

Sent = tuple[str, str, str, str | None]
"""Type, stream, source and correlation id of an event."""

REJECTION = Rejection(0, "invalid_json", "no JSON", b"{", "default", "api", 9)
KINDS = st.tuples(
    st.sampled_from(["chat.message", "viewer.count"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["api", "irc"]),
    st.sampled_from([None, "c-1"]),
)
SENT = st.lists(KINDS, max_size=40)


def events(sent: list[Sent], received_at: int = 9) -> list[Event]:
    return [
        Event(
            f"e{number}", type, "default", stream, source, number, received_at, b"%d" % number, correlation_id, "k", "s"
        )
        for number, (type, stream, source, correlation_id) in enumerate(sent)
    ]


@given(SENT)
def test_a_request_is_stored_by_stream_and_each_stream_as_it_was_sent(
    sent: list[Sent],
) -> None:
    gathered = RequestRuns("default", 9, "k", "s")
    for event in events(sent):
        gathered.add(
            event.event_id,
            event.type,
            event.stream_id,
            event.source,
            event.timestamp,
            event.data,
            event.correlation_id,
        )
    stored = list(one_by_one(gathered.runs))
    assert gathered.count == count_of(gathered.runs) == len(sent)
    for stream in "abc":
        assert [event for event in stored if event.stream_id == stream] == [
            event for event in events(sent) if event.stream_id == stream
        ]
        runs = [run for run in gathered.runs if run.stream_id == stream]
        assert not any(
            (one.type, one.source, one.correlation_id) == (next_one.type, next_one.source, next_one.correlation_id)
            for one, next_one in pairwise(runs)
        )


@given(st.lists(st.one_of(st.none(), KINDS), max_size=40))
def test_neighbours_that_differ_in_nothing_else_are_one_run(
    sent: list[Sent | None],
) -> None:
    kinds = [kind for kind in sent if kind is not None]
    made = iter(events(kinds))
    items = [REJECTION if kind is None else next(made) for kind in sent]
    runs = in_runs(items)
    assert list(one_by_one(runs)) == items
    changes = sum(1 for one, other in pairwise(sent) if one is None or other is None or one != other)
    assert len(runs) == (changes + 1 if sent else 0)


def test_what_has_no_column_is_told_apart() -> None:
    (one,) = events([("chat.message", "a", "api", None)])
    for name, value in (
        ("workspace_id", "other"),
        ("received_at", 10),
        ("connector_id", None),
        ("session_id", None),
    ):
        assert len(in_runs([one, msgspec.structs.replace(one, **{name: value})])) == 2


@given(SENT, st.integers(0, 45), st.integers(0, 45))
def test_any_cut_holds_what_stands_there(sent: list[Sent], start: int, stop: int) -> None:
    items = [*in_runs(events(sent)), REJECTION]
    part = cut(items, start, stop)
    assert list(one_by_one(part)) == list(one_by_one(items))[start:stop]
    assert all(len(item) > 0 for item in part)
