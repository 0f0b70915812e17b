"""The compiled encoder of archive rows writes the same bytes as the plain one."""

from __future__ import annotations

import gc
import sys
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.model.event import Event
from telemetra.store import copy_rows

if copy_rows.compiled is None:
    pytest.skip("no C compiler was there when telemetra was installed", allow_module_level=True)

compiled = copy_rows.compiled
names = st.one_of(st.sampled_from(["default", "api", "é", ""]), st.text(st.characters(exclude_categories=["Cs"])))
maybe = st.one_of(st.none(), names)
times = st.integers(-(2**60), 2**60)
events = st.builds(
    Event,
    event_id=names,
    type=names,
    workspace_id=names,
    stream_id=names,
    source=names,
    timestamp=times,
    received_at=times,
    data=st.binary(),
    session_id=maybe,
    correlation_id=maybe,
    connector_id=maybe,
)
archived = st.lists(st.tuples(st.integers(0, 2**62), events, st.sampled_from(["counted", "late"])))


def start(event: Event, disposition: str) -> bytes:
    return f"{event.stream_id}|{event.type}|{event.source}|{event.connector_id}|{disposition}".encode()


@given(archived)
def test_the_bytes_are_the_same(rows: list[Any]) -> None:
    real = partial(copy_rows._start, partition=3)
    for make in (start, real):
        assert compiled.rows(rows, make) == copy_rows.plain_rows(rows, make)


def test_the_start_is_made_once_for_all_that_have_it_in_common() -> None:
    one = Event("1", "chat.message", "default", "stream", "api", 1, 2, b"{}")
    asked = []

    def noted(event: Event, disposition: str) -> bytes:
        asked.append((event.stream_id, disposition))
        return b"start"

    other = msgspec.structs.replace(one, stream_id="other")
    compiled.rows([(1, one, "counted"), (2, one, "late"), (3, other, "counted"), (4, one, "counted")], noted)
    assert asked == [("stream", "counted"), ("stream", "late"), ("other", "counted")]


def test_what_cannot_be_encoded_is_an_error_and_not_a_row() -> None:
    one = Event("1", "chat.message", "default", "stream", "api", 1, 2, b"{}")
    with pytest.raises(UnicodeEncodeError):
        compiled.rows([(1, msgspec.structs.replace(one, event_id="\ud800"), "counted")], start)
    with pytest.raises(OverflowError):
        compiled.rows([(1, msgspec.structs.replace(one, timestamp=2**70), "counted")], start)
    with pytest.raises(AttributeError):
        compiled.rows([(1, "no event", "counted")], start)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="offset, event, disposition"):
        compiled.rows([one], start)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="start is bytes"):
        compiled.rows([(1, one, "counted")], lambda *_: "text")  # type: ignore[arg-type, return-value]


def test_nothing_is_kept() -> None:
    one = Event("1", "chat.message", "default", "stream", "api", 1, 2, b"{}")
    rows: list[Any] = [(number, one, "counted") for number in range(1000)]
    compiled.rows(rows, start)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(20):
        compiled.rows(rows, start)
    assert sys.getallocatedblocks() - before < 100
