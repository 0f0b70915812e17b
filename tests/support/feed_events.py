"""Feed events as the pipeline publishes them after a commit."""

from __future__ import annotations

from typing import Any

import msgspec

from telemetra.live.base import FeedEvent, Publication
from telemetra.model.event import DEFAULT_WORKSPACE, Event
from tests.support.live import START

CONNECTOR = "conn_0123456789ab"


def trade(number: int, **changes: Any) -> FeedEvent:
    """A trade of BTC-USDT on OKX at the offset `number`; `price`, `instrument`, `exchange` and others may differ."""
    exchange = changes.pop("exchange", "okx")
    data = {
        "exchange": exchange,
        "instrument": changes.pop("instrument", "BTC-USDT"),
        "message_type": "trades",
        "price": changes.pop("price", "64000.10"),
        "size": "0.5",
        "raw": {"px": "64000.10", "tradeId": str(number)},
        **changes.pop("data", {}),
    }
    event = Event(
        event_id=f"t{number}",
        type="market.trade",
        workspace_id=DEFAULT_WORKSPACE,
        stream_id=f"{exchange}:{data['instrument']}",
        source=exchange,
        timestamp=START + number,
        received_at=START + number + 500_000,
        data=msgspec.json.encode(data),
        connector_id=CONNECTOR,
        session_id="ws-s1",
    )
    return number, msgspec.structs.replace(event, **changes)


def updates(*events: FeedEvent, dropped: int = 0) -> Publication:
    committed = events[-1][0] + 1 if events else 1
    return Publication([], [], committed, events=list(events), events_dropped=dropped)
