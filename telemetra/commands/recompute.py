"""`telemetra recompute`: from the words of the command line to the operation, and its report in words."""

from __future__ import annotations

from datetime import datetime

from telemetra.errors import Invalid
from telemetra.kinds.registry import load_registry
from telemetra.model.times import to_microseconds
from telemetra.operations.recompute import Recomputed, recompute
from telemetra.settings import Settings
from telemetra.store.database import Database


def parse_time(text: str, option: str) -> int:
    """RFC 3339 with an offset, in microseconds. Raises `Invalid` naming the option."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Invalid(
            f"{option} must be a time with an offset, such as 2026-01-31T18:00:00Z, not {text!r}", field=option
        )
    return to_microseconds(time)


async def run(
    settings: Settings, conninfo: str, workspace_id: str, start: int, end: int, stream_id: str | None
) -> Recomputed:
    """Recompute on the database behind `conninfo`. Raises as the operation does."""
    database = Database(conninfo, min_size=1, max_size=2, name="telemetra recompute")
    await database.open()
    try:
        return await recompute(database, load_registry(settings.currency), workspace_id, start, end, stream_id)
    finally:
        await database.close()


def describe(report: Recomputed) -> list[str]:
    """What was done and what was refused, a line each."""
    lines = [
        f"{report.minutes} final minutes of {report.streams} streams counted again, {report.minutes_changed} changed; "
        f"{report.late_counted} late events are counted now, {report.repeats} were repeats."
    ]
    return lines + [f"refused {item.stream_id} {item.minute}: {item.reason}" for item in report.refused]
