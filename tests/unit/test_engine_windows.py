"""Windows against a plain reference, for any order of events, any batching and any kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetra.engine.engine import EngineSettings
from telemetra.model.event import Event, in_runs
from telemetra.model.window import MINUTE, SECOND
from tests.support import reference
from tests.support.engine import START, Tables, event

WORDS = ("hi", "LUL", "that was great", "Kappa Kappa", "worst play ever", "lirikFEELS gg", "?")


@st.composite
def feeds(draw: st.DrawFn) -> list[Event]:
    """A stream that mostly goes forward, with jumps, late buffers, fast clocks, repeats and silent hours."""
    events: list[Event] = []
    now = 0.0
    for number in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from([0, 0.5, 3, 11, 45, 130, 700]))
        if events and draw(st.integers(0, 9)) == 0:
            events.append(msgspec.structs.replace(draw(st.sampled_from(events))))
            continue
        at = now + draw(st.sampled_from([0, 0, 0, -1, -8, -40, -65, -130, -3600, 299]))
        data = {"user_id": draw(st.sampled_from("abc")), "message": draw(st.sampled_from(WORDS))}
        events.append(event(f"e{number}", at, data, received_seconds=now + 1))
    return events


def rows_of(tables: Tables) -> dict[int, dict[str, object]]:
    names = reference.chat_rows([event("x", 0)]).popitem()[1]
    return {start: {name: row[name] for name in names} for (_, start), row in tables.rows.items()}


def close(tables: Tables, engine: object) -> None:
    """Let the stream fall silent until everything is final."""
    for now in (11.0, 72.0):
        engine.tick(now)
        tables.store(engine.take_effects())


@given(feeds(), st.lists(st.integers(1, 20), max_size=20))
@settings(max_examples=150, deadline=None)
def test_rows_and_ledger_equal_the_reference(events: list[Event], sizes: list[int]) -> None:
    tables = Tables(events)
    close(tables, tables.run(sizes))
    fates = reference.judge(events)
    assert tables.totals() == {name: fates.count(name) for name in set(fates)}
    assert tables.stream_ledger == Counter(
        (event.stream_id, fate, event.received_at // MINUTE * MINUTE)
        for event, fate in zip(events, fates, strict=True)
        if fate != "counted"
    )
    counted = [event for event, fate in zip(events, fates, strict=True) if fate == "counted"]
    assert rows_of(tables) == reference.chat_rows(counted)
    kept = [(offset, fate) for offset, fate in enumerate(fates) if fate != "duplicate"]
    assert sorted(tables.archive) == kept
    assert tables.needs == tables.applied == len(events)


@given(feeds(), st.lists(st.integers(-20, 20).filter(bool), max_size=30))
@settings(max_examples=150, deadline=None)
def test_kills_and_batches_change_nothing(events: list[Event], sizes: list[int]) -> None:
    whole, killed = Tables(events), Tables(events)
    close(whole, whole.run([]))
    close(killed, killed.run(sizes))
    assert killed.rows == whole.rows
    assert killed.ledger == whole.ledger
    assert killed.stream_ledger == whole.stream_ledger
    assert sorted(killed.archive) == sorted(whole.archive)
    assert final(killed.moments) == final(whole.moments)


def final(moments: dict[str, object]) -> dict[str, object]:
    return {key: msgspec.to_builtins(moment) for key, moment in moments.items()}


def chat(times: Sequence[float], prefix: str = "m") -> list[Event]:
    return [event(f"{prefix}{index}", at) for index, at in enumerate(times)]


def test_a_minute_is_written_when_the_watermark_reaches_its_end_and_again_for_late_events() -> None:
    events = [*chat([5, 69.9]), event("end", 70), event("late", 30, received_seconds=71)]
    tables = Tables(events)
    engine = tables.run([2])
    tables_rows = {start: row["chat_count"] for (_, start), row in tables.rows.items()}
    assert list(tables_rows.values()) == [2]
    assert engine.take_effects().empty


def test_an_event_of_a_final_minute_is_late_and_changes_nothing() -> None:
    events = [*chat([5, 200]), event("too late", 6, received_seconds=201)]
    tables = Tables(events)
    tables.run([])
    assert tables.totals() == {"counted": 2, "late": 1}
    assert [row["chat_count"] for row in tables.rows.values()] == [1]
    assert tables.archive[-1] == (2, "late")


@st.composite
def crowds(draw: st.DrawFn) -> list[Event]:
    """Requests with events of two streams, of which many share a hop; some are repeats, unreadable, late or from fast
    clocks, and some of other types."""
    events: list[Event] = []
    now = 0.0
    for _ in range(draw(st.integers(1, 9))):
        now += draw(st.sampled_from([0, 0, 0.1, 1, 7, 80, 700]))
        name, data = draw(st.sampled_from(THINGS))
        for number in range(len(events), len(events) + draw(st.integers(1, 12))):
            if events and draw(st.integers(0, 19)) == 0:
                events.append(msgspec.structs.replace(draw(st.sampled_from(events))))
                continue
            if draw(st.integers(0, 4)) == 0:
                name, data = draw(st.sampled_from(THINGS))
            at = now + draw(st.sampled_from([0, 0, 0, 0, -2, -12, -65, -200, 299]))
            stream_id = draw(st.sampled_from("aaab"))
            events.append(event(f"e{number}", at, data, type=name, stream_id=stream_id, received_seconds=now))
    return events


THINGS = (
    ("chat.message", {"user_id": "ann", "message": "hi LUL"}),
    ("chat.message", {"user_id": "bob", "message": "gg"}),
    ("chat.message", {"user_id": "cat", "message": "from afar", "source_stream_id": "c"}),
    ("chat.message", {"user_id": 7}),
    ("viewer.count", {"viewer_count": 12}),
    ("transaction", {"transaction_id": "t", "amount": 2, "transaction_type": "tip"}),
    ("market.trade", {"price": 1}),
    ("no.such.type", {}),
)


@given(crowds())
@settings(max_examples=200, deadline=None)
def test_events_are_counted_together_as_if_each_came_by_itself(events: list[Event]) -> None:
    together, alone = Tables(events), Tables(events)
    together.run([])
    alone.run([1] * len(events))
    assert together.rows == alone.rows
    assert together.ledger == alone.ledger
    assert together.stream_ledger == alone.stream_ledger
    assert together.dead == alone.dead
    assert together.tables == alone.tables
    assert together.states == alone.states
    assert sorted(together.archive) == sorted(alone.archive)
    assert final(together.moments) == final(alone.moments)


def test_the_engine_rests_between_pieces() -> None:
    events = [event(f"e{number}", number / 50, stream_id=f"s{number % 5}") for number in range(1_000)]
    events += [event(f"f{number}", 20, stream_id="s", received_seconds=30) for number in range(4_000)]
    engine = Tables(events).rebuild()
    assert len(list(engine.pieces(0, in_runs(events), 0.0, {}, {}))) >= 5 + 3
    assert engine.applied == 5_000


def test_a_clock_that_runs_ahead_makes_nobody_late() -> None:
    ahead = [event(f"a{second}", second + 299, source="fast", received_seconds=second) for second in range(0, 240, 5)]
    normal = [event(f"n{second}", second, source="slow", received_seconds=second + 0.1) for second in range(0, 240, 5)]
    tables = Tables([item for pair in zip(ahead, normal, strict=True) for item in pair])
    tables.run([])
    assert tables.totals() == {"counted": 96}


def test_a_stream_that_falls_silent_is_closed_and_what_comes_later_is_not_late() -> None:
    tables = Tables(chat([5, 20]))
    engine = tables.rebuild()
    tables.process(engine, 2, now_seconds=100.0)
    tables.store(engine.take_effects())
    assert not tables.rows
    engine.tick(109.9)
    assert engine.take_effects().empty
    engine.tick(110.0)
    tables.store(engine.take_effects())
    assert [row["chat_count"] for row in tables.rows.values()] == [2]
    assert tables.needs == 0
    engine.tick(170.0)
    tables.store(engine.take_effects())
    assert tables.needs == 2
    tables.items = [*tables.items, event("same minute", 50), event("an hour later", 3600)]
    tables.process(engine, 2, now_seconds=200.0)
    tables.store(engine.take_effects())
    assert tables.totals() == {"counted": 3, "late": 1}


def test_a_buffer_posted_an_hour_late_is_late_and_other_streams_are_untouched() -> None:
    live = [event(f"l{index}", 3600 + index) for index in range(30)]
    buffered = [event(f"b{index}", index, received_seconds=3620) for index in range(10)]
    other = [event(f"o{index}", index, stream_id="other", received_seconds=3621) for index in range(10)]
    tables = Tables([*live, *buffered, *other])
    tables.run([7, -11])
    assert tables.totals() == {"counted": 40, "late": 10}


def test_a_viewer_reading_that_comes_late_changes_the_later_minutes_that_show_it() -> None:
    def viewers(event_id: str, at: float, count: int, received: float) -> Event:
        return event(event_id, at, {"viewer_count": count}, type="viewer.count", received_seconds=received)

    events = [viewers("v1", 5, 100, 5), event("c", 65), event("d", 130), viewers("v2", 50, 250, 131)]
    tables = Tables(events, EngineSettings(allowed_lateness=180 * SECOND))
    tables.run([3])
    assert [(row["viewer_count"], row["avg_viewers"]) for row in tables.rows.values()] == [(250, 175.0), (250, 250.0)]


def test_a_repeated_transaction_is_a_duplicate_for_the_row_and_for_revenue_also_after_a_kill() -> None:
    def tip(event_id: str, at: float, transaction: str) -> Event:
        data = {"transaction_id": transaction, "amount": "2.50", "transaction_type": "tip"}
        return event(event_id, at, data, type="transaction")

    events = [tip("a", 1, "t1"), tip("b", 2, "t1"), tip("c", 3, "t2"), tip("d", 90, "t1"), event("e", 300)]
    for sizes in ([], [1, 1, 1], [2, -1, 1, -3]):
        tables = Tables(events)
        tables.run(sizes)
        assert tables.totals() == {"counted": 3, "duplicate": 2}
        assert [str(row["revenue"]) for row in tables.rows.values()] == ["5.00"]


def test_what_cannot_be_counted_is_dead_with_its_reason() -> None:
    events = [
        event("fine", 1),
        event("unknown", 2, type="no.such.type"),
        event("broken", 3, {"user_id": 7}),
        event("refused", 4),
    ]
    tables = Tables(events)
    engine = tables.rebuild()
    tables.process(engine, 4, poison={3: "the database said no"})
    tables.store(engine.take_effects())
    assert tables.dead == {1: "unknown_type", 2: "invalid_data", 3: "refused_by_database"}
    assert tables.totals() == {"counted": 1, "dead": 3}


def test_a_moment_that_is_open_when_its_stream_falls_silent_ends_when_its_minutes_are_final() -> None:
    calm = [event(f"c{number}", number * 2) for number in range(600)]
    burst = [event(f"b{number}", 1200 + number / 20) for number in range(800)]
    tables = Tables([*calm, *burst])
    engine = tables.run([])
    engine.tick(11.0)
    tables.store(engine.take_effects())
    assert [moment.ended_at for moment in tables.moments.values()] == [None]
    engine.tick(72.0)
    tables.store(engine.take_effects())
    assert [moment.ended_at for moment in tables.moments.values()] == [START + 1240 * SECOND]


@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from([0, 0, 0, 120])), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_snapshot_does_not_depend_on_those_before_it(steps: list[tuple[int, int]]) -> None:
    events = [event(f"e{number}", at, received_seconds=91) for number, (at, _) in enumerate(steps)]
    asked = Tables(events)
    often = asked.rebuild()
    now = START + 91 * SECOND
    for count, (_, waited) in enumerate(steps, 1):
        now += waited * SECOND
        asked.process(often, 1)
        asked.store(often.take_effects())
        assert often.snapshots(now, decaying=False) == Tables(events[:count]).run(()).snapshots(now, decaying=False)
