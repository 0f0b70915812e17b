"""Dead letters: what is kept of an item that does not count."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from telemetra.engine.effects import DeadLetter
from telemetra.engine.runs import PreparedType
from telemetra.model.event import Event, Rejection
from telemetra.model.times import rfc3339

_encoder = msgspec.json.Encoder()


def rejected(offset: int, item: Rejection) -> DeadLetter:
    """The letter of an event that intake refused."""
    return DeadLetter(
        offset=offset,
        disposition="rejected",
        workspace_id=item.workspace_id,
        source=item.source,
        code=item.code,
        detail=f"item {item.index}: {item.detail}",
        raw=item.raw,
        received_at=item.received_at,
        correlation_id=item.correlation_id,
    )


def not_counted(offset: int, event: Event, known_type: PreparedType | None, poison: Mapping[int, str]) -> DeadLetter:
    """The letter of an event that cannot be counted, whatever its data are. `poison`: offsets refused by the database,
    with the reason."""
    if offset in poison:
        return dead(offset, event, "refused_by_database", poison[offset])
    if known_type is None:
        return dead(offset, event, "unknown_type", f"no kind declares {event.type}")
    detail = f"{event.type} belongs to {known_type.kind.name}, the stream is of another kind"
    return dead(offset, event, "wrong_kind", detail)


def dead(offset: int, event: Event, code: str, detail: str) -> DeadLetter:
    """The letter of an event that the pipeline refuses; `raw` is the event in the form that intake takes."""
    raw = _encoder.encode(
        {
            "event_id": event.event_id,
            "type": event.type,
            "workspace_id": event.workspace_id,
            "stream_id": event.stream_id,
            "source": event.source,
            "timestamp": rfc3339(event.timestamp),
            "correlation_id": event.correlation_id,
            "data": msgspec.Raw(event.data),
        }
    )
    return DeadLetter(
        offset=offset,
        disposition="dead",
        workspace_id=event.workspace_id,
        source=event.source,
        code=code,
        detail=detail,
        raw=raw,
        received_at=event.received_at,
        correlation_id=event.correlation_id,
    )
