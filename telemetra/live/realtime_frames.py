"""The messages of `/api/realtime`: a committed feed event is encoded once, whatever the number of its readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from telemetra.live.base import FeedEvent
from telemetra.live.frames import Frame
from telemetra.model.times import rfc3339, to_datetime

_encode = msgspec.json.Encoder(decimal_format="string").encode
_ABSENT = msgspec.Raw(b"")


class FeedFields(msgspec.Struct, gc=False):
    """What is picked out of the data of a feed event: the same as the views of the seeds pick out of the archive."""

    instrument: str | None = None
    message_type: str | None = None
    price: msgspec.Raw = _ABSENT
    last: msgspec.Raw = _ABSENT
    raw: msgspec.Raw = _ABSENT
    payload: msgspec.Raw = _ABSENT


class DataUpdate(msgspec.Struct, tag_field="type", tag="data_update", gc=False):
    """One event that a connector fetched (or a browser saved), after it was stored.

    `timestamp` is the time of the event, `db_timestamp` that of its arrival here, `price` a decimal string, `data` what
    was received; `id` is its place in the log (null: a test message).
    """

    id: int | None
    source_id: str
    session_id: str | None
    connector_id: str | None
    timestamp: datetime
    db_timestamp: datetime
    exchange: str
    instrument: str
    price: str | None
    data: Any
    message_type: str


_decode_fields = msgspec.json.Decoder(FeedFields).decode


def feed_fields(data: bytes) -> FeedFields:
    """Of data in which a field has an unexpected type: nothing."""
    try:
        return _decode_fields(data)
    except msgspec.ValidationError:
        return FeedFields()


def as_price(raw: msgspec.Raw) -> str | None:
    """A number or a decimal string as a decimal string, digit by digit; None for anything else."""
    value = bytes(raw)
    if value[:1] == b'"':
        return str(msgspec.json.decode(value))
    return value.decode() if value[:1].isdigit() or value[:1] == b"-" else None


def data_update(entry: FeedEvent) -> tuple[DataUpdate, Frame]:
    """The message of an event, and its frame."""
    offset, event = entry
    fields = feed_fields(event.data)
    price = as_price(fields.price)
    update = DataUpdate(
        id=offset,
        source_id=event.event_id,
        session_id=event.session_id,
        connector_id=event.connector_id,
        timestamp=to_datetime(event.timestamp),
        db_timestamp=to_datetime(event.received_at),
        exchange=event.source,
        instrument=fields.instrument or event.stream_id,
        price=as_price(fields.last) if price is None else price,
        data=fields.raw if bytes(fields.raw) else fields.payload if bytes(fields.payload) else msgspec.Raw(event.data),
        message_type=fields.message_type or event.type,
    )
    return update, Frame(_encode(update))


def encoded(update: DataUpdate) -> Frame:
    return Frame(_encode(update))


def connected(now: int, filters: dict[str, str]) -> Frame:
    message = {
        "type": "connected",
        "message": "Connected to the feeds of connectors",
        "timestamp": rfc3339(now),
        "filter": filters,
    }
    return Frame(_encode(message))


def dropped(count: int) -> Frame:
    """Tells a client what it will not get. Events that were left out before the filter count too, hence "up to"."""
    detail = f"Up to {count:,} updates were dropped here: they come faster than this client reads."
    return Frame(_encode({"type": "error", "code": "updates_dropped", "detail": detail, "dropped": count}))
