"""The feeds of all streams at a glance: what the live push needs to know of connectors and gaps."""

from __future__ import annotations

from telemetra.model.event import StreamKey
from telemetra.model.times import to_microseconds
from telemetra.store.database import Database, instant, micros

_STALE = "SELECT workspace_id, stream_id, stale FROM stream_feeds"
# Live updates show the last minute of event time, which lies at any date in a replay: hence also by detection.
_GAPS = """
    WITH recent AS (
        SELECT * FROM gaps
        WHERE filled_at IS NULL AND ("to" IS NULL OR "to" > %(since)s OR detected_at > %(since)s)
        ORDER BY detected_at DESC LIMIT 10000
    )
    SELECT workspace_id, stream_id, "from", "to" FROM recent WHERE stream_id IS NOT NULL
    UNION ALL
    SELECT fed.workspace_id, fed.stream_id, recent."from", recent."to"
    FROM recent JOIN connector_streams AS fed USING (connector_id) WHERE recent.stream_id IS NULL
"""


async def feeds_stale(database: Database) -> dict[StreamKey, bool]:
    """The streams that running connectors feed, and whether each is stale."""
    rows = await database.fetch_all(_STALE)
    return {(row["workspace_id"], row["stream_id"]): row["stale"] for row in rows}


async def gaps_since(database: Database, since: int) -> dict[StreamKey, list[tuple[int, int | None]]]:
    """Gaps not filled that last, or ended or were noticed after `since` (microseconds), as (from, to) by stream."""
    found: dict[StreamKey, list[tuple[int, int | None]]] = {}
    for row in await database.fetch_all(_GAPS, {"since": instant(since)}):
        span = to_microseconds(row["from"]), micros(row["to"])
        found.setdefault((row["workspace_id"], row["stream_id"]), []).append(span)
    return found
