"""What intake must look at in drafts, which come from our own formats and not through a parser of requests."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec

from telemetra.formats import problems
from telemetra.formats.draft import Draft
from telemetra.formats.native import RawEvent
from telemetra.formats.problems import FormatError
from telemetra.formats.safety import check_data
from telemetra.model.times import to_datetime

EventProblem = tuple[str, str, str]
"""A code of `problems`, the field to blame, and what is wrong with it."""

_STREAM_ID: Final = re.compile(r"[A-Za-z0-9._:@#-]{1,200}")
_ID_LENGTH, _NAME_LENGTH = 200, 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_encoder = msgspec.json.Encoder()


def draft_data(draft: Draft) -> bytes:
    """The data as JSON; decimals become strings. Empty when a text in it cannot be written as UTF-8."""
    if isinstance(draft.data, msgspec.Raw):
        return bytes(draft.data)
    try:
        return _encoder.encode(draft.data)
    except UnicodeEncodeError:
        return b""


def check_envelope(draft: Draft, workspace_id: str) -> EventProblem | None:
    """Why the event around the data cannot be stored; None if it can."""
    if not _STREAM_ID.fullmatch(draft.stream_id):
        return problems.INVALID_FIELD, "stream_id", "must be 1 to 200 letters, digits and . _ : @ # -"
    if draft.workspace_id is not None and draft.workspace_id != workspace_id:
        return forbidden(workspace_id)
    return _name(draft.event_id, "event_id", _ID_LENGTH) or _name(draft.source, "source", _NAME_LENGTH)


def forbidden(workspace_id: str) -> EventProblem:
    detail = f"this request may write to workspace {workspace_id!r} only"
    return problems.WORKSPACE_FORBIDDEN, "workspace_id", detail


def unfit(data: bytes) -> EventProblem | None:
    """Why the data cannot be stored."""
    if not data:
        return problems.INVALID_TEXT, "data", "a lone surrogate cannot be stored"
    problem = check_data(data)
    return None if problem is None else (problem[0], "data", problem[1])


def refuse_draft(draft: Draft, data: bytes, problem: EventProblem) -> FormatError:
    """The refusal, with the event as a native one, so that it can be driven again."""
    code, field, detail = problem
    event = RawEvent(
        event_id=_written(draft.event_id),
        type=draft.type,
        stream_id=_written(draft.stream_id),
        timestamp=_time(draft.timestamp),
        source=_written(draft.source),
        data=msgspec.Raw(data or b"{}"),
    )
    return FormatError(code, f"{field}: {detail}", field, _encoder.encode(event), event.source, draft.correlation_id)


def _name(value: str, field: str, length: int) -> EventProblem | None:
    if 1 <= len(value) <= length and not _UNSTORABLE.search(value):
        return None
    return problems.INVALID_FIELD, field, f"must be a string of 1 to {length} characters"


def _written(value: str) -> str:
    return _UNSTORABLE.sub("\ufffd", value)[:1000] or "-"


def _time(time_us: int | None) -> datetime | None:
    try:
        return None if time_us is None else to_datetime(time_us)
    except (OverflowError, ValueError):
        return None
