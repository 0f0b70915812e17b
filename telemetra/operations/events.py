"""Questions about the raw events of a stream. They are not cached: nobody asks the same page twice."""

from __future__ import annotations

import msgspec

from telemetra.model.times import rfc3339, to_datetime
from telemetra.operations.models import StoredEvent
from telemetra.operations.services import Services
from telemetra.store import events as store
from telemetra.store.events import ArchivedEvent, EventPosition


async def list_events(
    services: Services,
    workspace_id: str,
    stream_id: str,
    *,
    limit: int,
    before: EventPosition | None,
    event_type: str | None,
) -> list[StoredEvent]:
    """Newest first by event time, strictly before a position; [] for an unknown stream too."""
    events = await store.list_events(
        services.database, workspace_id, stream_id, limit=limit, before=before, event_type=event_type
    )
    return [_present(event) for event in events]


def _present(event: ArchivedEvent) -> StoredEvent:
    place = event.position
    return StoredEvent(
        event_id=event.event_id,
        type=event.type,
        workspace_id=event.workspace_id,
        stream_id=event.stream_id,
        source=event.source,
        timestamp=to_datetime(event.timestamp),
        received_at=to_datetime(event.received_at),
        disposition=event.disposition,
        correlation_id=event.correlation_id,
        connector_id=event.connector_id,
        session_id=event.session_id,
        data=msgspec.Raw(event.data.encode()),
        position=f"{rfc3339(place.timestamp)},{place.partition},{place.log_offset}",
    )
