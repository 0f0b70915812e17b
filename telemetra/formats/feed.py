"""What a received message becomes: the vocabulary between the connectors' runner and the formats of the venues.

The runner hands every received message (a WebSocket frame, the body of a REST answer) to `FeedFormat.read`, acts on
what the `Reading` says about the connection, and sends its drafts to intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from telemetra.errors import Invalid
from telemetra.formats.draft import Draft

Control = Literal["", "ack", "heartbeat", "error", "unknown"]
Means = Literal["trade", "ticker", "message", "ack", "heartbeat", "error", "refused", "skip"]
TimeUnit = Literal["auto", "s", "ms", "us", "ns"]


class SequenceMark(msgspec.Struct, frozen=True):
    """The numbers `first`..`last` that a message takes in the sequence of its (stream_id, channel): nothing is missing
    where `first` is the `last` before it plus 1. `first` = 0: the sequence begins anew, whatever came before."""

    stream_id: str
    channel: str
    first: int
    last: int


class Reading(msgspec.Struct):
    """What one received message is. Its drafts are to be taken whatever `control` says.

    `control`: empty for data; else the most important thing that the message holds beside data. `detail` says it for
    people (an error's code and text, why something is unknown). `refused`: credentials or rights are wrong, so that
    trying again is no use. `reconnect`: the source asks for a new connection. `replies` are to be sent back at once.
    """

    drafts: list[Draft] = []
    control: Control = ""
    detail: str = ""
    refused: bool = False
    reconnect: bool = False
    replies: tuple[str, ...] = ()
    sequences: tuple[SequenceMark, ...] = ()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages of a foreign shape: where every path of `when` has the value (or one of the values) given, the message
    `means` this, and `paths` are added to those of the options. The first rule that fits holds."""

    means: Means
    when: Mapping[str, Any] = {}
    paths: Mapping[str, str] = {}


class FeedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How messages become events. All but `exchange` may be left to the format.

    `exchange` becomes the events' source. `stream` is a template of the stream's id with {exchange}, {instrument} and
    {channel}. `instrument` stands in where messages name none. For the format generic: `paths` (field to JMESPath) and
    `rules`; `timestamp_unit` of numbers; `columns` of CSV without a header line.
    """

    exchange: str
    stream: str | None = None
    instrument: str | None = None
    paths: Mapping[str, str] = {}
    rules: tuple[Rule, ...] = ()
    timestamp_unit: TimeUnit = "auto"
    columns: tuple[str, ...] = ()


class FeedFormat(Protocol):
    """One connection's format. Not shared between connections: it may remember a little about its own."""

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        """Never raises for what a source may send. `received_at`: microseconds."""
        ...


def feed_options(exchange: str, mapping: Mapping[str, Any]) -> FeedOptions:
    """Options as somebody wrote them. Raises `Invalid` naming the field (`mapping.paths`)."""
    try:
        return msgspec.convert({**mapping, "exchange": exchange}, FeedOptions)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$")
        field = "mapping" + (where.rstrip("`") or "")
        raise Invalid(f"{field}: {detail}", code="invalid_field", field=field) from None
