"""What feeds have missed, to look at."""

from __future__ import annotations

from telemetra.model.times import to_datetime
from telemetra.operations.connector_models import FeedGap
from telemetra.operations.services import Services
from telemetra.operations.streams import OFFSET_MAX
from telemetra.store.gaps import Gap
from telemetra.store.gaps import list_gaps as stored_gaps


async def list_gaps(
    services: Services,
    workspace_id: str,
    *,
    limit: int,
    offset: int,
    stream_id: str | None,
    connector_id: str | None,
    filled: bool | None,
) -> list[FeedGap]:
    """Newest first."""
    gaps = await stored_gaps(
        services.database,
        workspace_id,
        stream_id=stream_id,
        connector_id=connector_id,
        filled=filled,
        limit=limit,
        offset=min(offset, OFFSET_MAX),
    )
    return [present_gap(gap) for gap in gaps]


def present_gap(gap: Gap) -> FeedGap:
    return FeedGap(
        id=gap.id,
        connector_id=gap.connector_id,
        stream_id=gap.stream_id,
        start=to_datetime(gap.start),
        end=None if gap.end is None else to_datetime(gap.end),
        reason=gap.reason,
        missing=gap.missing,
        detected_at=to_datetime(gap.detected_at),
        filled_at=None if gap.filled_at is None else to_datetime(gap.filled_at),
        backfill=gap.backfill,
        backfill_attempts=gap.attempts,
    )
