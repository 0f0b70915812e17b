"""Minute windows in Bytewax: messages, unique chatters, top emotes and mean sentiment per stream, in event time, with
10 s for events out of order. Text is looked at by Telemetra's own functions, so that only the engines differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.testing import TestingSink, TestingSource, run_main

from benchmarks.peers.plain_loop import Chat
from telemetra.model.times import to_datetime
from telemetra.text import emotes, sentiment

TimedChat = tuple[datetime, str, str]
BATCH = 1000


class Minute:
    __slots__ = ("chatters", "count", "emotes", "sentiment")

    def __init__(self) -> None:
        self.count = 0
        self.chatters: set[str] = set()
        self.emotes: Counter[str] = Counter()
        self.sentiment = 0


def keyed(chat: Sequence[Chat]) -> list[tuple[str, TimedChat]]:
    """With the keys and datetimes that Bytewax wants."""
    return [(stream, (to_datetime(time), user, text)) for stream, time, user, text in chat]


def dataflow(chat: Sequence[tuple[str, TimedChat]]) -> Callable[[], int]:
    """A run that returns the number of minutes."""
    rows: list[tuple[str, tuple[int, int, list[tuple[str, int]], float]]] = []
    flow = Dataflow("minutes")
    stream = op.input("chat", flow, TestingSource(chat, batch_size=BATCH))
    clock = EventClock(ts_getter=_time, wait_for_system_duration=timedelta(seconds=10))
    windower = TumblingWindower(length=timedelta(minutes=1), align_to=to_datetime(0))
    windows = fold_window("minute", stream, clock, windower, Minute, _add, _never_merged, ordered=False)
    op.output("rows", op.map_value("finish", windows.down, _finish), TestingSink(rows))

    def run() -> int:
        run_main(flow)
        return len(rows)

    return run


def _time(chat: TimedChat) -> datetime:
    return chat[0]


def _add(minute: Minute, chat: TimedChat) -> Minute:
    _, user, text = chat
    minute.count += 1
    minute.chatters.add(user)
    if found := emotes.find(text):
        minute.emotes.update(found)
    minute.sentiment += sentiment.score(text)
    return minute


def _never_merged(one: Minute, other: Minute) -> Minute:
    raise AssertionError("tumbling windows do not merge")


def _finish(windowed: tuple[int, Minute]) -> tuple[int, int, list[tuple[str, int]], float]:
    minute = windowed[1]
    return minute.count, len(minute.chatters), minute.emotes.most_common(10), minute.sentiment / minute.count
