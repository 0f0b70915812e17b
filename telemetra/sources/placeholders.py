"""Names in double braces: `{{timestamp}}`. Nothing is computed in them, so that a template cannot do anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

from telemetra.errors import Invalid
from telemetra.model.times import to_datetime

Lookup = Callable[[str], str | None]
"""The text of a name, None when there is no such name."""

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
TIME_NAMES = ("timestamp", "timestamp_ms", "timestamp_us", "iso_timestamp", "uuid")


def placeholders(text: str) -> Iterator[str]:
    """The names that a text holds, in its order."""
    return (found[1] for found in _PLACEHOLDER.finditer(text))


def fill(text: str, lookup: Lookup, where: str) -> str:
    """The text with every name replaced. Raises `Invalid`, naming `where` and the name, for one that is not known."""

    def value(found: re.Match[str]) -> str:
        known = lookup(found[1])
        if known is None:
            raise unknown(found[1], where)
        return known

    return _PLACEHOLDER.sub(value, text)


def unknown(name: str, where: str) -> Invalid:
    return Invalid(
        f"{where}: {{{{{name}}}}} stands for nothing here; known are {', '.join(TIME_NAMES)} and names of credentials",
        code="unknown_placeholder",
        field=where.partition("[")[0].partition(".")[0],
    )


def time_value(name: str, now: int) -> str | None:
    """The names that every template has. `now` in microseconds since the epoch; each `uuid` is a new one.

    `timestamp` is in whole seconds, `iso_timestamp` is like `2020-12-08T09:08:57.715Z`.
    """
    match name:
        case "timestamp":
            return str(now // 1_000_000)
        case "timestamp_ms":
            return str(now // 1000)
        case "timestamp_us":
            return str(now)
        case "iso_timestamp":
            return to_datetime(now // 1000 * 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case "uuid":
            return str(uuid4())
    return None
