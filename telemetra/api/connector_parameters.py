"""The parameters of the routes about connectors and their feeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, Field

from telemetra.api.door import Query

ConnectorId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,100}$",
        description="Id of the connector: `conn_` and 12 hexadecimal digits.",
        examples=["conn_5f2c9a7b1e40"],
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def _clamped(most: int) -> Callable[[int], int]:
    return lambda value: min(max(value, 1), most)


class ConnectorsQuery(Query):
    limit: int = Field(100, ge=1, le=1000)
    """Most connectors to answer."""
    offset: int = Field(0, ge=0)
    """Connectors to pass over."""


class GapsQuery(Query):
    limit: int = Field(100, ge=1, le=1000)
    """Most gaps to answer."""
    offset: int = Field(0, ge=0)
    """Gaps to pass over."""
    stream_id: Text | None = None
    """Only gaps of this stream and of the connectors that feed it."""
    connector_id: Text | None = None
    """Only gaps of this connector and its streams."""
    filled: bool | None = None
    """Only gaps that were made good by a back-fill (true) or were not (false)."""


class ConnectorDataQuery(Query):
    limit: Annotated[int, AfterValidator(_clamped(10_000))] = 100
    """Most events to answer, 1 to 10,000; other values become the nearest of these."""
    skip: int = Field(0, ge=0)
    """Events to pass over."""
    sort_by: Literal["timestamp", "id", "price"] = "timestamp"
    """`id` is the order of arrival."""
    sort_order: Literal["asc", "desc"] = "desc"
    """Events without a price stand last either way."""


class MessagesQuery(Query):
    exchange: Text | None = None
    """Only messages of this exchange, such as `okx`."""
    instrument: Text | None = None
    """Only messages about this instrument, such as `BTC-USDT`."""


class MessagePageQuery(MessagesQuery):
    limit: Annotated[int, AfterValidator(_clamped(100_000))] = 100
    """Most messages to answer, 1 to 100,000; other values become the nearest of these."""
    skip: int = Field(0, ge=0)
    """Messages to pass over."""
