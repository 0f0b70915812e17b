"""The list of streams as people are shown it: state, newest minute, the line of the last half hour, the last moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from telemetra.cache import keys
from telemetra.cache.decorator import cached
from telemetra.live.overview import moment_in_short
from telemetra.model.times import to_datetime
from telemetra.operations.models import Stream
from telemetra.operations.services import Services
from telemetra.operations.streams import present, stored_streams, ttl
from telemetra.store.moments import recent_moments
from telemetra.store.overview import StreamLine, newest_minutes

MINUTES = 30
_MINUTE_SECONDS = 60
_encode = msgspec.json.Encoder().encode


class MomentInShort(msgspec.Struct):
    """A moment without its evidence."""

    moment_id: UUID
    version: int
    timestamp: datetime
    ended_at: datetime | None
    moment_type: str
    description: str
    severity: float


class NewestMinute(msgspec.Struct):
    """The headline metrics of the newest stored minute; `timestamp` is its end."""

    timestamp: datetime
    metrics: dict[str, Any]
    is_anomaly: bool
    suspect: bool


class StreamOverview(Stream):
    """A stream with what a list shows of it.

    `line` holds a number per minute (None: no event), at most 30; the last one is that of `newest`. Which number it is
    says the kind. After `stale_after_seconds` of silence the stream is stale; None: connectors feed it, and they know
    what is usual there.
    """

    newest: NewestMinute | None
    line: list[float | None]
    last_moment: MomentInShort | None
    stale_after_seconds: float | None


@cached(keys.STREAMS, ttl, ("limit", "offset", "kind", "live", "view"), drifts=True)
async def list_overview(
    services: Services,
    workspace_id: str,
    *,
    limit: int,
    offset: int,
    kind: str | None,
    live: bool | None,
    view: str = "overview",
) -> bytes:
    """JSON array of StreamOverview in the order of the list. `view` tells its cached answers from those of the list."""
    now = services.clock()
    rows = await stored_streams(services, workspace_id, now, limit=limit, offset=offset, kind=kind, live=live)
    by_kind: dict[str, list[str]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row.stream_id)
    lines: dict[str, StreamLine] = {}
    for name, ids in by_kind.items():
        if (declared := services.registry.kinds.get(name)) is not None:
            lines |= await newest_minutes(services.database, declared, workspace_id, ids, minutes=MINUTES)
    recent = await recent_moments(services.database, [(workspace_id, row.stream_id) for row in rows], limit=1)
    stale_after = services.settings.stale_after_seconds
    answers = []
    for row in rows:
        stored = lines.get(row.stream_id)
        moments = recent[workspace_id, row.stream_id]
        answers.append(
            {
                **msgspec.to_builtins(present(services, row, now)),
                "newest": None if stored is None else _newest(services, row.kind, stored),
                "line": [] if stored is None else stored.line,
                "last_moment": moment_in_short(moments[0]) if moments else None,
                "stale_after_seconds": stale_after if row.feed_stale is None else None,
            }
        )
    return _encode(answers)


def _newest(services: Services, name: str, stored: StreamLine) -> NewestMinute:
    kind = services.registry.kinds[name]
    fields = kind.present(stored.newest.values, _MINUTE_SECONDS)
    return NewestMinute(
        to_datetime(stored.newest.window_end),
        {field: fields[field] for field in kind.headlines() if field in fields},
        stored.newest.is_anomaly,
        stored.newest.suspect,
    )
