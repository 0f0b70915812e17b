"""Saving what a browser received of a feed, and trying out the live push of feeds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from telemetra.errors import Invalid
from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedOptions
from telemetra.formats.feed_drafts import BadNumber, DraftWriter, content_id, is_amount
from telemetra.live.realtime_frames import DataUpdate, as_price
from telemetra.model.times import to_datetime, to_microseconds
from telemetra.operations.connector_models import RealtimeTest, Saved, SavedProblem
from telemetra.operations.services import Services

BROWSER_SESSION = "ws-browser"

NO_NUL = r"^[^\x00]*$"
_PRICE = Meta(extra_json_schema={"type": ["string", "number", "null"]})


class SavedMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A message that a browser received. `timestamp` absent: now; `source_id` makes a repeat known as one."""

    exchange: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$")]
    data: Annotated[msgspec.Raw, Meta(description="The message as it was received: any JSON.")]
    instrument: Annotated[str, Meta(min_length=1, max_length=60, pattern=NO_NUL)] | None = None
    price: Annotated[msgspec.Raw, _PRICE] | msgspec.UnsetType = msgspec.UNSET
    message_type: Annotated[str, Meta(min_length=1, max_length=50, pattern=NO_NUL)] = "message"
    timestamp: Annotated[datetime, Meta(tz=True)] | None = None
    source_id: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)] | None = None
    session_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None


class SavedBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Messages of one session."""

    messages: Annotated[list[SavedMessage], Meta(min_length=1, max_length=1000)]
    session_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None


async def save(
    services: Services, workspace_id: str, messages: Sequence[SavedMessage], session_id: str | None
) -> Saved:
    """Hand messages to intake as events `connector.message`: they are in the ledger, the archive and the live push.

    Raises `Invalid` naming a price or instrument that is none (then none is taken), and as intake does.
    """
    drafts = [_draft(message, index) for index, message in enumerate(messages)]
    session = BROWSER_SESSION if session_id is None else f"{BROWSER_SESSION}-{session_id}"
    result = await services.intake.submit_drafts(
        drafts, workspace_id=workspace_id, connector_id=None, session_id=session
    )
    rejected = [SavedProblem(each.index, each.code, each.detail) for each in result.rejected]
    return Saved(result.accepted, result.duplicate, rejected)


def _draft(message: SavedMessage, index: int) -> Draft:
    writer = DraftWriter(FeedOptions(exchange=message.exchange.lower()))
    price = None
    if not isinstance(message.price, msgspec.UnsetType) and bytes(message.price) != b"null":
        price = as_price(message.price)
        if price is None or not is_amount(price):
            field = f"messages[{index}].price"
            raise Invalid(f"{field}: must be 0 to 10^12 with at most 12 decimals", code="invalid_field", field=field)
    try:
        instrument = writer.instrument(message.instrument)
    except BadNumber as error:
        field = f"messages[{index}].instrument"
        raise Invalid(f"{field}: {error}", code="invalid_field", field=field) from None
    time = None if message.timestamp is None else to_microseconds(message.timestamp)
    event_id = message.source_id
    if event_id is None:  # the same message at the same time is the same; without a time, it is another one
        event_id = uuid.uuid4().hex if time is None else content_id(bytes(message.data), f"{time}{instrument}")
    return writer.message(instrument, message.message_type, event_id, time, price, message.message_type, message.data)


def broadcast_test(services: Services) -> RealtimeTest:
    """Send a message that is marked as a test to every client of `/api/realtime`."""
    now = to_datetime(services.clock())
    update = DataUpdate(
        id=None,
        source_id=f"test-{uuid.uuid4().hex}",
        session_id=None,
        connector_id=None,
        timestamp=now,
        db_timestamp=now,
        exchange="test",
        instrument="test",
        price=None,
        data={"message": "This is a test; nothing is stored."},
        message_type="test",
    )
    return RealtimeTest("sent", services.realtime.broadcast(update))
