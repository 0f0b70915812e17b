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

from telemetra.model.event import Event, Run, in_runs
from telemetra.store import copy_rows

if copy_rows.compiled is None:
    pytest.skip("no C compiler was there when telemetra was installed", allow_module_level=True)

compiled = copy_rows.compiled
names = st.one_of(st.sampled_from(["default", "api", "é", ""]), st.text(st.characters(exclude_categories=["Cs"])))
maybe = st.one_of(st.none(), names)
times = st.integers(-(2**60), 2**60)
rows_of_runs = st.lists(st.tuples(names, times, st.binary()), min_size=1, max_size=5)
common = st.fixed_dictionaries(
    dict.fromkeys(("type", "workspace_id", "stream_id", "source"), names)
    | dict.fromkeys(("correlation_id", "connector_id", "session_id"), maybe)
    | {"received_at": times}
)


def run_of(fields: dict[str, Any], rows: list[tuple[str, int, bytes]]) -> Run:
    event_ids, timestamps, data = map(list, zip(*rows, strict=True))
    return Run(**fields, event_ids=event_ids, timestamps=timestamps, data=data)


runs = st.builds(run_of, common, rows_of_runs)
archived = st.lists(st.tuples(st.integers(0, 2**62), runs, st.sampled_from(["counted", "late"])))
(ONE,) = in_runs([Event(name, "chat.message", "default", "stream", "api", 1, 2, b"{}") for name in "12"])


def start(run: Run, disposition: str) -> bytes:
    return f"{run.stream_id}|{run.type}|{run.source}|{run.connector_id}|{disposition}".encode()


@given(archived)
def test_the_bytes_are_the_same(rows: list[Any]) -> None:
    real = partial(copy_rows._start, partition=3)
    for make in (start, real):
        assert compiled.rows(rows, make) == copy_rows.plain_rows(rows, make)


def changed(**columns: Any) -> Any:
    return msgspec.structs.replace(ONE, **columns)


def test_what_cannot_be_encoded_is_an_error_and_not_a_row() -> None:
    for bad, error, what in (
        (changed(event_ids=["1", "\ud800"]), UnicodeEncodeError, "surrogates"),
        (changed(event_ids=["1", 2]), TypeError, "argument"),
        (changed(data=[b"{}", "{}"]), TypeError, "bytes"),
        (changed(timestamps=[1, 2**70]), OverflowError, "int"),
        (changed(timestamps=[1, "2"]), TypeError, "timestamp is an integer"),
        (changed(timestamps=[1]), ValueError, "of one length"),
        (changed(data=(b"{}", b"{}")), TypeError, "are lists"),
        (changed(received_at=2**70), OverflowError, "int"),
        ("no run", AttributeError, "received_at"),
    ):
        with pytest.raises(error, match=what):
            compiled.rows([(1, bad, "counted")], lambda *_: b"start")
    with pytest.raises(TypeError, match="offset, run, disposition"):
        compiled.rows([ONE], start)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="start is bytes"):
        compiled.rows([(1, ONE, "counted")], lambda *_: "text")  # type: ignore[arg-type, return-value]


def test_nothing_is_kept() -> None:
    rows: list[Any] = [(number, ONE, "counted") for number in range(1000)]
    compiled.rows(rows, start)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(20):
        compiled.rows(rows, start)
    assert sys.getallocatedblocks() - before < 100
