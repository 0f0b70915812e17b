"""Chat as `YYYY-MM-DD HH:MM:SS,#channel,user,text`: no header, no quoting, the text may hold commas.

Times without an offset are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from telemetra.errors import Invalid
from telemetra.formats import problems
from telemetra.formats.draft import Draft, Drafts, FallbackId
from telemetra.model.times import to_microseconds

CSV_SOURCE: Final = "replay"


def read_line(line: str, fallback_id: FallbackId) -> Drafts:
    """The message of one line (without line break). Raises `Invalid` (`invalid_line`, `invalid_timestamp`)."""
    parts = line.split(",", 3)
    if len(parts) < 4:
        raise Invalid("expected time,#channel,user,text", code=problems.INVALID_LINE)
    time, channel, user, text = parts
    data = {"user_id": user, "username": user, "message": text}
    return [Draft(fallback_id(), "chat.message", channel.removeprefix("#"), _microseconds(time), data, CSV_SOURCE)]


def _microseconds(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"expected a time such as 2015-10-17 11:30:00, not {text[:40]!r}", code=problems.INVALID_TIMESTAMP
        ) from None
    return to_microseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
