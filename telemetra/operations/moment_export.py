"""Moments for other programs: their place in a recording of the stream, in the formats of moment_formats.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from telemetra.errors import Invalid
from telemetra.model.moment import Moment
from telemetra.operations import moment_formats as formats
from telemetra.operations.moment_formats import Placed
from telemetra.operations.services import Services
from telemetra.operations.streams import find_stream
from telemetra.store import moments as store

MOST_MOMENTS = 2_000


class ExportFormat(StrEnum):
    json = "json"
    csv = "csv"
    chapters = "chapters"
    edl = "edl"


_WRITERS: dict[ExportFormat, Callable[[str, Sequence[Placed]], bytes]] = {
    ExportFormat.json: formats.to_json,
    ExportFormat.csv: formats.to_csv,
    ExportFormat.chapters: formats.to_chapters,
    ExportFormat.edl: formats.to_edl,
}


async def export_moments(
    services: Services,
    workspace_id: str,
    stream_id: str,
    *,
    form: ExportFormat,
    moment_type: str | None,
    start: int | None,
    end: int | None,
    origin: int | None,
) -> bytes:
    """The moments with an onset in [start, end] (microseconds), oldest first, and seconds from `origin` (by default the
    stream's start) to their onset. A recording holds nothing before its origin: such moments are left out.

    Raises `NotFound`, and `Invalid`: `no_origin`, `too_many_moments`, or what the format cannot hold.
    """
    row = await find_stream(services, workspace_id, stream_id, services.clock())
    beginning = row.started_at if origin is None else origin
    if beginning is None:
        raise Invalid("The stream has no known start; name one by `origin`.", code="no_origin", field="origin")
    moments = await store.list_moments(
        services.database,
        workspace_id,
        stream_id,
        limit=MOST_MOMENTS + 1,
        moment_type=moment_type,
        start=beginning if start is None else max(start, beginning),
        end=end,
    )
    if len(moments) > MOST_MOMENTS:
        detail = f"There are more than {MOST_MOMENTS:,} moments; ask for less by `start_time` and `end_time`."
        raise Invalid(detail, code="too_many_moments", field="start_time")
    return _WRITERS[form](stream_id, [_place(moment, beginning) for moment in reversed(moments)])


def _place(moment: Moment, origin: int) -> Placed:
    return Placed(moment, moment.timestamp - origin)
