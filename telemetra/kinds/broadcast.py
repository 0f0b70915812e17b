"""The kind `broadcast`: live streams with chat, viewers and transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec

from telemetra.engine.measures import Announcements, Count, Distinct, Gauge, Money, Sentiment, Top
from telemetra.engine.text_measures import FACTS, Conversation
from telemetra.kinds.amounts import AMOUNT_NEEDS, AMOUNT_SCHEMA, CURRENCIES, is_amount, parse_amount
from telemetra.kinds.base import EVENT_COUNT, GAUGE_MAX_AGE, Entries, EventType, Kind, Metric, Series
from telemetra.kinds.broadcast_causes import explain
from telemetra.model.event import Event
from telemetra.text import sentiment
from telemetra.text.plain import Reading
from telemetra.text.reading import readings as read_all

COUNT_MAX = 2**53
TOP_EMOTES = 10
LANES = ("chat.message", "chat.shared", "viewer.count", "transaction", "stream.meta")

CURRENCY_SCHEMA = msgspec.Meta(extra_json_schema={"enum": sorted(CURRENCIES)})

BoundedCount = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Label = Annotated[str, msgspec.Meta(max_length=500)]


class ChatMessage(msgspec.Struct, gc=False):
    """`emotes` given, even empty, is authoritative and repeats count; absent, they are found in the text."""

    user_id: Id
    message: Annotated[str, msgspec.Meta(max_length=500)]
    username: Name | None = None
    emotes: Annotated[list[Name], msgspec.Meta(max_length=500)] | None = None
    badges: list[Name] | None = None
    bits: BoundedCount | None = None
    source_stream_id: Id | None = None


class ViewerCount(msgspec.Struct, gc=False):
    viewer_count: BoundedCount
    unique_viewers: BoundedCount | None = None


class Transaction(msgspec.Struct, gc=False):
    """`amount` stays raw JSON text: numbers and strings are both exact decimals (kinds/amounts.py)."""

    transaction_id: Id
    amount: Annotated[msgspec.Raw, AMOUNT_SCHEMA]
    transaction_type: Literal["subscription", "subscription_renewal", "gift_sub", "donation", "tip", "bits", "purchase"]
    user_id: Id | None = None
    username: Name | None = None
    currency: Annotated[str, CURRENCY_SCHEMA] | None = None


class Raid(msgspec.Struct, rename={"origin": "from"}):
    origin: Name | None = None
    viewer_count: BoundedCount | None = None


class StreamMeta(msgspec.Struct):
    event_type: Literal[
        "stream_start", "stream_end", "title_change", "category_change", "raid_incoming", "raid_outgoing"
    ]
    title: Label | None = None
    streamer_name: Name | None = None
    game_category: Name | None = None
    raid: Raid | None = None


class _Readings:
    """The readings of the entries that are being counted: three measures ask for them, one after the other."""

    def __init__(self) -> None:
        self._last: tuple[Entries | None, list[Reading]] = None, []

    def of(self, entries: Entries) -> list[Reading]:
        of, readings = self._last
        if entries is not of:
            readings = read_all([data.message for data in entries.data])
            self._last = entries, readings
        return readings

    def emotes(self, entries: Entries) -> list[Sequence[str]]:
        return [
            reading.emotes if data.emotes is None else data.emotes
            for reading, data in zip(self.of(entries), entries.data, strict=True)
        ]

    def scores(self, entries: Entries) -> list[int]:
        scores = sentiment.scores(self.of(entries))
        for at, data in enumerate(entries.data):
            if data.emotes:
                scores[at] = sentiment.score(data.message, data.emotes)
        return scores


def build(currency: str) -> Kind:
    """The declaration, with `currency` (ISO 4217) as the one that `revenue` is counted in."""

    def amount(data: Transaction) -> tuple[str, Any]:
        return _currency(data, currency), parse_amount(bytes(data.amount))

    def transaction_row(event: Event, data: Transaction) -> dict[str, Any]:
        code, value = amount(data)
        return {
            "transaction_id": data.transaction_id,
            "user_id": data.user_id,
            "username": data.username,
            "amount": value,
            "currency": code,
            "transaction_type": data.transaction_type,
            "timestamp": event.timestamp,
        }

    readings = _Readings()
    types = (
        EventType("chat.message", ChatMessage, lane=_chat_lane),
        EventType("viewer.count", ViewerCount, table="viewer_timeseries", row=_viewer_row, describe=_describe_viewers),
        EventType(
            "transaction",
            Transaction,
            check=_check_transaction,
            unique="transaction_id",
            table="transactions",
            row=transaction_row,
        ),
        EventType("stream.meta", StreamMeta, describe=_describe),
    )
    return Kind(
        name="broadcast",
        table="chat_summary_minute",
        types={declared.name: declared for declared in types},
        measures=(
            Count("events", LANES, EVENT_COUNT),
            Count("chat", ["chat.message"], "chat_count", rate="chat_rate"),
            Count("shared_chat", ["chat.shared"], "shared_count"),
            Distinct("chatters", "chat.message", "unique_chatters", attrgetter("user_id")),
            Top("emotes", "chat.message", "top_emotes", readings.emotes, TOP_EMOTES),
            Conversation("chat.message", readings.of, attrgetter("user_id")),
            Sentiment("chat.message", readings.scores, sentiment.POSITIVE, sentiment.NEGATIVE),
            Gauge(
                "viewers",
                "viewer.count",
                column="viewer_count",
                mean="avg_viewers",
                known="viewers_known",
                value=lambda data: data.viewer_count,
                max_age=GAUGE_MAX_AGE,
            ),
            Money("transaction", amount, currency),
            Announcements("stream.meta", "announced", _announced),
        ),
        series=(
            Series(
                "chat",
                "chat_rate",
                True,
                lambda values: values["chat_count"],
                up="chat_spike",
                down="chat_drop",
                unit="messages",
                spread=0.35,
                least=60,
                fall=1 / 3,
                explained=0.75,
            ),
            Series(
                "viewers",
                "viewer_count",
                False,
                lambda values: values["last_reading"] or None,  # nobody at all is a counter out of order
                up="viewer_spike",
                down="viewer_drop",
                unit="viewers",
                spread=0.15,
                least=20,
                fall=0.6,
            ),
            Series(
                "sentiment",
                "sentiment_score",
                False,
                lambda values: values["sentiment_sum"],
                up="sentiment_shift",
                down="sentiment_shift",
                spread=0.45,
                least=0.25,
                weight=lambda values: values["sentiment_number"],
                least_weight=20,
            ),
            Series(
                "revenue",
                "revenue",
                True,
                lambda values: float(values["revenue"]),
                up="revenue_spike",
                unit=currency,
                spread=0.5,
                least=50,
                step=15,
            ),
        ),
        primary="chat",
        present=_present,
        evidence={"messages": "said", "phrases": "phrases", "emotes": "top_emotes", "voices": "voices"},
        compared=("emotes", "phrases"),
        facts=(
            *FACTS,
            "emotes_all",
            "emotes_different",
            "sentiment_number",
            "sentiment_sum",
            "sentiment_squares",
            "viewers_sum",
            "viewers_readings",
        ),
        participants="author_codes",
        happenings="announced",
        explain=explain,
        metrics=(
            Metric("viewer_count", "Viewers", "level", "viewers", draw="area", headline=True, known="viewers_known"),
            Metric("chat_rate", "Chat", "rate", "messages/min", draw="line", headline=True),
            Metric("sentiment_score", "Sentiment", "score", draw="line", headline=True),
            Metric("unique_chatters", "Chatters", "count", "people"),
            Metric("revenue", "Revenue", "money", currency, draw="bars"),
            Metric("top_emotes", "Emotes", "top"),
        ),
        line="chat_count",
    )


def _chat_lane(stream_id: str, data: ChatMessage) -> str:
    """Shared chat belongs to the room where it was written."""
    if data.source_stream_id is None or data.source_stream_id == stream_id:
        return "chat.message"
    return "chat.shared"


def _currency(data: Transaction, default: str) -> str:
    if data.currency is not None:
        return data.currency
    return "bits" if data.transaction_type == "bits" else default


def _check_transaction(data: Transaction) -> tuple[str, str] | None:
    if not is_amount(bytes(data.amount)):
        return "amount", AMOUNT_NEEDS
    if data.currency is not None and data.currency not in CURRENCIES:
        return "currency", "must be an ISO 4217 code or `bits`"
    return None


def _viewer_row(event: Event, data: ViewerCount) -> dict[str, Any]:
    return {
        "timestamp": event.timestamp,
        "viewer_count": data.viewer_count,
        "unique_viewers": data.unique_viewers,
    }


def _describe_viewers(event: Event, data: ViewerCount) -> dict[str, Any]:
    return {"viewer_count": data.viewer_count, "viewer_count_at": event.timestamp}


def _describe(event: Event, data: StreamMeta) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value
        for name in ("title", "streamer_name", "game_category")
        if (value := getattr(data, name)) is not None
    }
    if data.event_type == "stream_start":
        fields |= {"started_at": event.timestamp, "ended_at": None, "is_live": True}
    elif data.event_type == "stream_end":
        fields |= {"ended_at": event.timestamp, "is_live": False}
    return fields


def _announced(time: int, data: StreamMeta) -> dict[str, Any] | None:
    """What may explain a moment: a raid, and that the channel takes its viewers elsewhere, which `ends` the stream."""
    raid = data.raid or Raid()
    if data.event_type == "raid_incoming":
        return {"type": "raid", "time": time, "from": raid.origin, "viewers": raid.viewer_count}
    if data.event_type == "raid_outgoing":
        return {"type": "raid_outgoing", "time": time, "ends": True}
    return None


def _present(values: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    count = values["chat_count"]
    return {
        "viewer_count": values["viewer_count"],
        "viewers_known": values["viewers_known"],
        "chat_rate": count * 60 / seconds,
        "chat_rate_per_second": count / seconds,
        "chat_count": count,
        "shared_count": values["shared_count"],
        "unique_chatters": values["unique_chatters"],
        "top_emotes": [{"name": name, "count": count, "emote": name} for name, count in values["top_emotes"]],
        "sentiment_score": values["avg_sentiment"],
        "positive_count": values["positive_count"],
        "negative_count": values["negative_count"],
        "revenue": str(values["revenue"]),
        "revenue_by_currency": values["revenue_by_currency"],
    }
