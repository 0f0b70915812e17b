"""The parameters of REST: types that FastAPI documents and the doors check."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from telemetra.api.door import Query
from telemetra.model.times import to_microseconds
from telemetra.store.events import EventPosition

POSITION_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?Z"
    r"(,[0-9]{1,18}){2}$"
)
STREAM_ID_PATTERN = r"^[A-Za-z0-9._:@#-]{1,200}$"
_is_number = re.compile(r"[0-9]{1,18}").fullmatch
_LATEST = to_microseconds(datetime(9999, 12, 31, tzinfo=UTC))


Aware = Annotated[datetime, msgspec.Meta(tz=True)]


def _read_time(value: Any) -> int:
    """RFC 3339 with an offset, as microseconds; times that no event can have count as 1970 or the year 9999."""
    try:
        return min(max(to_microseconds(msgspec.convert(value, Aware)), 0), _LATEST)
    except msgspec.ValidationError:
        raise PydanticCustomError(
            "invalid_time", "must be an RFC 3339 time with an offset; a `+` is written %2B in a URL"
        ) from None


def _read_position(value: Any) -> EventPosition:
    """A time, or time,partition,offset as an event's `position` has it."""
    time, *rest = str(value).split(",")
    if not rest:
        return EventPosition(_read_time(time))
    if len(rest) != 2 or not all(_is_number(part) for part in rest):
        raise PydanticCustomError("invalid_position", "must be an RFC 3339 time or the `position` of an event")
    return EventPosition(_read_time(time), int(rest[0]), int(rest[1]))


def _read_resolution(value: Any) -> str:
    if value in ("1h", "1d"):
        raise PydanticCustomError("not_yet", "there are no rollups of this resolution yet; use 1m")
    if value != "1m":
        raise PydanticCustomError("invalid_resolution", "must be 1m, 1h or 1d")
    return "1m"


StreamId = Annotated[
    str,
    Path(
        pattern=STREAM_ID_PATTERN,
        description="Id of the stream: 1 to 200 letters, digits and `. _ : @ # -`.",
        examples=["lirik"],
    ),
]
LetterId = Annotated[UUID, Path(description="Id of the dead letter.")]
Time = Annotated[
    int,
    BeforeValidator(_read_time),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2015-10-17T11:30:00Z"}),
]
Position = Annotated[
    EventPosition,
    BeforeValidator(_read_position),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "pattern": POSITION_PATTERN}],
            "example": "2015-10-17T11:30:00Z,0,4711",
        }
    ),
]
Resolution = Annotated[str, BeforeValidator(_read_resolution), WithJsonSchema({"type": "string", "enum": ["1m"]})]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class StreamsQuery(Query):
    limit: int = Field(100, ge=1, le=500)
    """Most streams to answer."""
    offset: int = Field(0, ge=0)
    """Streams to pass over."""
    kind: Name | None = None
    """Only streams of this kind."""
    live: bool | None = None
    """Only streams that are live (true) or are not (false)."""


class MetricsQuery(Query):
    limit: int = Field(100, ge=1, le=1000)
    """Most minutes to answer."""
    start_time: Time | None = None
    """Only minutes that end at or after this time."""
    end_time: Time | None = None
    """Only minutes that end at or before this time."""
    resolution: Resolution = "1m"
    """Length of a row; only `1m` so far, the others are answered 422 `not_yet`."""


class MomentsQuery(Query):
    limit: int = Field(50, ge=1, le=200)
    """Most moments to answer."""
    moment_type: Name | None = None
    """Only moments of this type, such as `chat_spike`."""
    start_time: Time | None = None
    """Only moments whose onset is at or after this time."""
    end_time: Time | None = None
    """Only moments whose onset is at or before this time."""


class EventsQuery(Query):
    limit: int = Field(100, ge=1, le=1000)
    """Most events to answer."""
    before: Position | None = None
    """Only events before this time, or before this `position` of an event that was answered."""
    type: Name | None = None
    """Only events of this type."""


class LedgerQuery(Query):
    start_time: Time | None = None
    """Only minutes of arrival that start at or after this time."""
    end_time: Time | None = None
    """Only minutes of arrival that start at or before this time."""
    source: Name | None = None
    """Only this source."""


class StreamLedgerQuery(Query):
    limit: int = Field(100, ge=1, le=1000)
    """Most minutes to answer; the total is over all of them."""
    start_time: Time | None = None
    """Only minutes of arrival that start at or after this time."""
    end_time: Time | None = None
    """Only minutes of arrival that start at or before this time."""


class DeadLettersQuery(Query):
    limit: int = Field(100, ge=1, le=500)
    """Most letters to answer."""
    offset: int = Field(0, ge=0)
    """Letters to pass over."""
    code: Name | None = None
    """Only letters with this reason, such as `unknown_type`."""
    source: Name | None = None
    """Only letters of this source."""
    redriven: bool | None = None
    """Only letters that were sent again (true) or were not (false)."""
