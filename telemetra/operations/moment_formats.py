"""Moments as JSON, as CSV for spreadsheets, as chapters for a video's description, as a cut list for editors. Pure."""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect, insort
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from telemetra.errors import Invalid
from telemetra.live.frames import moment_fields
from telemetra.model.moment import Moment
from telemetra.model.times import rfc3339
from telemetra.model.window import HOP, SECOND

CHAPTER_SECONDS = 10
"""The least length of a chapter that YouTube takes."""

_CHAPTER_LETTERS = 100
_BEGINNING = "Start"
_EDL_EVENTS = 999
_EDL_SECONDS = 24 * 3600
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "offset_seconds",
    "offset",
    "timestamp",
    "ended_at",
    "moment_type",
    "severity",
    "z_score",
    "metric_name",
    "metric_value",
    "threshold",
    "cause",
    "confidence",
    "description",
    "moment_id",
)


class Placed(NamedTuple):
    """A moment and where its onset is in the recording, in microseconds from its beginning (never negative)."""

    moment: Moment
    offset: int

    @property
    def seconds(self) -> int:
        return self.offset // SECOND

    @property
    def end_seconds(self) -> int:
        """Where it ends; one that still lasts is as long as is known of it, and none is shorter than a hop."""
        moment = self.moment
        end = moment.timestamp + HOP if moment.ended_at is None else moment.ended_at
        return (self.offset + max(end - moment.timestamp, HOP)) // SECOND


def to_json(stream_id: str, moments: Sequence[Placed]) -> bytes:
    """An array of the API's Moment, each with `offset_seconds`."""
    return msgspec.json.encode(
        [{**moment_fields(placed.moment), "offset_seconds": placed.offset / SECOND} for placed in moments]
    )


def to_csv(stream_id: str, moments: Sequence[Placed]) -> bytes:
    """RFC 4180 with a header. Text that a spreadsheet would take for a formula has an apostrophe before it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for placed in moments:
        fields = moment_fields(placed.moment)
        fields |= {"offset_seconds": placed.offset / SECOND, "offset": _clock(placed.seconds)}
        fields |= {name: placed.moment.metadata.get(name) for name in ("cause", "confidence")}
        writer.writerow([_cell(fields[name]) for name in _COLUMNS])
    return text.getvalue().encode()


def to_chapters(stream_id: str, moments: Sequence[Placed]) -> bytes:
    """`1:02:10 Chat rose to 402 messages a minute`: what YouTube makes chapters of when it stands in a description.

    The first stands at 0:00 and none is shorter than ten seconds: of moments that are nearer to each other the most
    severe is taken.
    """
    times: list[int] = []
    titles: dict[int, str] = {}
    for placed in sorted(moments, key=lambda placed: (-placed.moment.severity, placed.offset)):
        at = placed.seconds if placed.seconds >= CHAPTER_SECONDS else 0
        place = bisect(times, at)
        if all(abs(at - near) >= CHAPTER_SECONDS for near in times[max(place - 1, 0) : place + 1]):
            insort(times, at)
            titles[at] = _title(placed.moment)
    titles.setdefault(0, _BEGINNING)
    return "".join(f"{_clock(at)} {titles[at]}\n" for at in sorted(titles)).encode()


def to_edl(stream_id: str, moments: Sequence[Placed]) -> bytes:
    """A CMX 3600 edit list: each moment is one cut of the recording, and the cuts follow each other.

    Cuts begin and end on whole seconds, so that the list is the same at every frame rate. Raises `Invalid`
    (`edl_too_long`) beyond 999 moments or 24 hours.
    """
    if len(moments) > _EDL_EVENTS or any(placed.end_seconds >= _EDL_SECONDS for placed in moments):
        detail = "An edit list holds 999 moments and 24 hours; ask for less by `start_time` and `end_time`."
        raise Invalid(detail, code="edl_too_long", field="start_time")
    lines = [f"TITLE: {_ascii(stream_id)[:60]} MOMENTS", "FCM: NON-DROP FRAME"]
    record = 0
    for number, placed in enumerate(moments, 1):
        cut = (placed.seconds, placed.end_seconds, record, record + placed.end_seconds - placed.seconds)
        record = cut[3]
        lines += [
            "",
            f"{number:03}  AX       V     C        {' '.join(_timecode(time) for time in cut)}",
            f"* FROM CLIP NAME: {_ascii(stream_id)}",
            f"* COMMENT: {placed.moment.moment_type} {rfc3339(placed.moment.timestamp)} "
            f"{_ascii(_line(placed.moment.description))}",
        ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else value


def _line(text: str) -> str:
    """Without line breaks and other control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def _title(moment: Moment) -> str:
    """One line that a description may hold: YouTube refuses angle brackets."""
    title = _line(moment.description).replace("<", "‹").replace(">", "›").rstrip(".")
    return title if len(title) <= _CHAPTER_LETTERS else f"{title[: _CHAPTER_LETTERS - 1].rstrip()}…"


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _clock(seconds: int) -> str:
    """`0:00`, `59:59`, `1:02:03`."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _timecode(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}:00"
