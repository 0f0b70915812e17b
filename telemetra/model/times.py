"""Times: integer microseconds since the epoch inside, aware UTC datetimes and RFC 3339 at the edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def to_microseconds(time: datetime) -> int:
    """`time` must be aware. Exact to the microsecond."""
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def rfc3339(time_us: int) -> str:
    """`2015-10-17T11:30:00Z`, with microseconds where there are any."""
    return to_datetime(time_us).isoformat().replace("+00:00", "Z")
