"""The kind `feed`: what a connector fetched that is no trade, ticker or chat. It is stored, pushed and shown, and
nothing of it is counted: its streams live and end like others, without minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from telemetra.kinds.amounts import AMOUNT_NEEDS, OPTIONAL_AMOUNT_SCHEMA, absent, is_amount, is_given
from telemetra.kinds.base import EventType, Kind

Name = Annotated[str, msgspec.Meta(max_length=200)]


class ConnectorMessage(msgspec.Struct, gc=False):
    """`payload` is the received item: any JSON, or text."""

    payload: msgspec.Raw
    exchange: Name | None = None
    instrument: Name | None = None
    price: Annotated[msgspec.Raw, OPTIONAL_AMOUNT_SCHEMA] = msgspec.field(default_factory=absent)
    message_type: Name | None = None


def build(currency: str) -> Kind:
    """The declaration: no measure, so no window."""
    declared = EventType("connector.message", ConnectorMessage, check=_check, lane=lambda stream_id, data: None)
    return Kind(
        name="feed",
        table="",
        types={declared.name: declared},
        measures=(),
        series=(),
        primary="",
        present=_present,
    )


def _check(data: ConnectorMessage) -> tuple[str, str] | None:
    if is_given(data.price) and not is_amount(bytes(data.price)):
        return "price", AMOUNT_NEEDS
    return None


def _present(values: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    return {}
