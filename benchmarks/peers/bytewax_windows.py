"""Windows in Bytewax: messages, unique chatters, top emotes and mean sentiment per stream, in event time, with 10 s for
events out of order, from the items of Telemetra's log. Data is decoded and text looked at once an event and by
Telemetra's own functions, so that only the engines differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.testing import TestingSink, TestingSource, run_main

from telemetra.kinds.broadcast import ChatMessage
from telemetra.model.event import Event
from telemetra.model.times import to_datetime
from telemetra.text import sentiment
from telemetra.text.reading import read

BATCH = 1000


Row = tuple[int, int, list[tuple[str, int]], float]

_decoder = msgspec.json.Decoder(ChatMessage)


class Chat(NamedTuple):
    time: datetime
    user: str
    emotes: Sequence[str]
    sentiment: int


class Window:
    __slots__ = ("chatters", "count", "emotes", "sentiment")

    def __init__(self) -> None:
        self.count = 0
        self.chatters: set[str] = set()
        self.emotes: Counter[str] = Counter()
        self.sentiment = 0


def minutes(events: Sequence[Event]) -> int:
    """Windows of a minute alone; returns their number."""
    flow = Dataflow("minutes")
    return _run(flow, _windows(_chat(flow, events), "minute", timedelta(minutes=1)))


def hops_and_minutes(events: Sequence[Event]) -> int:
    """With windows of 10 s too, which Telemetra keeps for its detectors and live numbers."""
    flow = Dataflow("hops and minutes")
    chat = _chat(flow, events)
    _windows(chat, "hop", timedelta(seconds=10))
    return _run(flow, _windows(chat, "minute", timedelta(minutes=1)))


def _chat(flow: Dataflow, events: Sequence[Event]) -> KeyedStream[Chat]:
    return op.map("decode", op.input("events", flow, TestingSource(events, batch_size=BATCH)), _decode)


def _windows(stream: KeyedStream[Chat], name: str, length: timedelta) -> list[Row]:
    """Returns the list that the windows will be put in."""
    rows: list[Row] = []
    clock = EventClock(ts_getter=_time, wait_for_system_duration=timedelta(seconds=10))
    windower = TumblingWindower(length=length, align_to=to_datetime(0))
    windows = fold_window(name, stream, clock, windower, Window, _add, _never_merged)
    op.output(f"{name} out", op.map_value(f"{name} row", windows.down, _finish), TestingSink(rows))
    return rows


def _run(flow: Dataflow, rows: list[Row]) -> int:
    run_main(flow)
    return len(rows)


def _decode(event: Event) -> tuple[str, Chat]:
    data = _decoder.decode(event.data)
    reading = read(data.message)
    score = sentiment.of_valence(reading.valence)
    return event.stream_id, Chat(to_datetime(event.timestamp), data.user_id, reading.emotes, score)


def _time(chat: Chat) -> datetime:
    return chat.time


def _add(window: Window, chat: Chat) -> Window:
    window.count += 1
    window.chatters.add(chat.user)
    if chat.emotes:
        window.emotes.update(chat.emotes)
    window.sentiment += chat.sentiment
    return window


def _never_merged(one: Window, other: Window) -> Window:
    raise AssertionError("tumbling windows do not merge")


def _finish(numbered: tuple[int, Window]) -> Row:
    window = numbered[1]
    return window.count, len(window.chatters), window.emotes.most_common(10), window.sentiment / window.count
