"""OKX: WebSocket pushes `{arg: {channel, instId}, data: […]}`, events (`{event, code, msg}`), and REST answers
`{code, msg, data: […]}`. Source: OKX API v5 reference; every item of `data` is an event.

trades, trades-all, REST trades   market.trade, id from the trade's own
tickers, bbo-tbt, REST tickers    market.ticker (bbo-tbt: the middle of bid and ask)
all else                          connector.message: books, candles, funding, orders …
"""

from __future__ import annotations

from typing import Final

import msgspec

from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedOptions, Reading, SequenceMark
from telemetra.formats.feed_drafts import BadNumber, DraftWriter, content_id, source_time
from telemetra.formats.feed_json import PARSER_ERRORS, no_json, to_bytes
from telemetra.formats.okx_codes import is_refusal

_TRADES: Final = frozenset(("trades", "trades-all"))
_TICKERS: Final = frozenset(("tickers",))
_QUOTES: Final = frozenset(("bbo-tbt",))
_CANDLE_CLOSE = 4
_ANSWERED_EVENTS: Final = frozenset(("subscribe", "unsubscribe", "login", "channel-conn-count", "notice"))
_CLOSING_SOON = "64008"


class _Arg(msgspec.Struct):
    channel: str = ""
    instId: str | None = None  # noqa: N815 - the venue's names
    sprdId: str | None = None  # noqa: N815


class _Message(msgspec.Struct):
    arg: _Arg | None = None
    data: list[msgspec.Raw] | None = None
    event: str | None = None
    code: str | int | None = None
    msg: str | None = None
    action: str | None = None
    op: str | None = None


class _Item(msgspec.Struct, gc=False):
    """What is read of an item, whatever the channel."""

    instId: str | None = None  # noqa: N815
    sprdId: str | None = None  # noqa: N815
    px: str | None = None
    sz: str | None = None
    side: str | None = None
    tradeId: str | None = None  # noqa: N815
    count: str | None = None
    ordId: str | None = None  # noqa: N815
    pos: str | None = None
    last: str | None = None
    bidPx: str | None = None  # noqa: N815
    askPx: str | None = None  # noqa: N815
    vol24h: str | None = None
    markPx: str | None = None  # noqa: N815
    idxPx: str | None = None  # noqa: N815
    fillPx: str | None = None  # noqa: N815
    ts: str | None = None
    uTime: str | None = None  # noqa: N815
    fundingTime: str | None = None  # noqa: N815
    sCode: str | None = None  # noqa: N815
    sMsg: str | None = None  # noqa: N815
    bids: list[list[str]] | None = None
    asks: list[list[str]] | None = None
    seqId: int | None = None  # noqa: N815
    prevSeqId: int | None = None  # noqa: N815


_message = msgspec.json.Decoder(_Message)
_item = msgspec.json.Decoder(_Item)
_candle = msgspec.json.Decoder(list[str])
_NO_ITEM = _Item()


class Okx:
    """A `FeedFormat`."""

    def __init__(self, options: FeedOptions) -> None:
        self._writer = DraftWriter(options)

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        body = to_bytes(payload)
        if body in {b"pong", b"ping"}:
            return Reading(control="heartbeat", detail=body.decode())
        try:
            message = _message.decode(body)
        except PARSER_ERRORS as error:
            return Reading(control="unknown", detail=str(no_json(error)))
        if message.event is not None:
            return _read_event(message)
        if message.arg is not None and message.data is not None:
            return self._read_items(message.arg, message.data, body, message.action)
        if message.code is not None:
            return self._read_answer(message, body)
        return Reading(control="unknown", detail="neither an event, nor arg with data, nor an answer with a code")

    def _read_answer(self, message: _Message, body: bytes) -> Reading:
        """A REST answer, or that to an operation over the WebSocket."""
        items = message.data or []
        if str(message.code) != "0":
            return _failure(str(message.code), message.msg or _first_failure(items))
        results = [_decoded(raw) for raw in items]
        if results and all(item.sCode is not None for item in results):
            failed = next((item for item in results if item.sCode != "0"), None)
            return Reading(control="ack") if failed is None else _failure(failed.sCode or "", failed.sMsg or "")
        if not items:
            return Reading(control="ack", detail="an answer without data")
        return self._read_items(_Arg(), items, body, None)

    def _read_items(self, arg: _Arg, items: list[msgspec.Raw], body: bytes, action: str | None) -> Reading:
        drafts: list[Draft] = []
        marks: list[SequenceMark] = []
        reading = Reading(drafts)
        message_id = ""
        for index, raw in enumerate(items):
            item = _decoded(raw)
            channel = arg.channel or _channel_of(item, raw)
            try:
                name = self._writer.instrument(arg.instId or item.instId or arg.sprdId or item.sprdId)
                if name is not None and channel in _TRADES and item.tradeId:
                    drafts.append(self._trade(name, channel, item, raw))
                    if (mark := self._trade_mark(drafts[-1].stream_id, item)) is not None:
                        marks.append(mark)
                    continue
            except BadNumber as error:
                name, reading.control, reading.detail = None, "unknown", f"item {index}: {error}"
            message_id = message_id or content_id(body)
            event_id = f"{message_id}:{index}"
            if name is not None and channel in _TICKERS | _QUOTES:
                try:
                    drafts.append(self._ticker(name, channel, event_id, item, raw))
                    continue
                except BadNumber as error:
                    reading.control, reading.detail = "unknown", f"item {index}: {error}"
            drafts.append(self._message(name, channel, event_id, item, raw))
            if item.seqId is not None and item.prevSeqId is not None:
                first = 0 if action == "snapshot" or item.prevSeqId < 0 else item.prevSeqId + 1
                marks.append(SequenceMark(drafts[-1].stream_id, channel, first, item.seqId))
        reading.sequences = tuple(marks)
        return reading

    def _trade(self, name: str, channel: str, item: _Item, raw: msgspec.Raw) -> Draft:
        side = item.side if item.side in {"buy", "sell"} else None
        event_id = f"{name}:trade:{item.tradeId}"
        return self._writer.trade(
            name, event_id, source_time(item.ts), item.px or "", item.sz or None, side, item.tradeId, channel, raw
        )

    def _trade_mark(self, stream_id: str, item: _Item) -> SequenceMark | None:
        """Trades are numbered without gaps; the channel `trades` puts `count` of them into one, under the last id."""
        number, count = item.tradeId or "", item.count or "1"
        if not (number.isdecimal() and count.isdecimal() and len(number) < 20 and len(count) < 10):
            return None
        return SequenceMark(stream_id, "trade", int(number) - max(int(count), 1) + 1, int(number))

    def _ticker(self, name: str, channel: str, event_id: str, item: _Item, raw: msgspec.Raw) -> Draft:
        last, bid, ask = item.last, item.bidPx, item.askPx
        if channel in _QUOTES:
            last, bid, ask = None, _best(item.bids), _best(item.asks)
        return self._writer.ticker(name, event_id, source_time(item.ts), last, bid, ask, item.vol24h, channel, raw)

    def _message(self, name: str | None, channel: str, event_id: str, item: _Item, raw: msgspec.Raw) -> Draft:
        time = source_time(item.ts or item.uTime or item.fundingTime)
        price = item.px or item.last or item.markPx or item.idxPx or item.fillPx
        if item is _NO_ITEM and (candle := _candle_of(raw)):
            time, price = source_time(candle[0]), candle[_CANDLE_CLOSE]
        return self._writer.message(name, channel, event_id, time, price, channel, raw)


def _decoded(raw: msgspec.Raw) -> _Item:
    """The item; one of another shape is an empty one, and its own bytes are what is kept of it."""
    if bytes(raw)[:1] != b"{":
        return _NO_ITEM
    try:
        return _item.decode(raw)
    except PARSER_ERRORS:
        return _NO_ITEM


def _candle_of(raw: msgspec.Raw) -> list[str]:
    """Time, open, high, low, close and the rest; empty where it is no candle."""
    try:
        candle = _candle.decode(raw)
    except PARSER_ERRORS:
        return []
    return candle if len(candle) > _CANDLE_CLOSE else []


def _channel_of(item: _Item, raw: msgspec.Raw) -> str:
    """A REST answer does not say what it is; the items do."""
    if item is _NO_ITEM:
        return "candle" if _candle_of(raw) else "message"
    if item.ordId is not None:
        return "orders"
    if item.pos is not None:
        return "positions"
    if item.px and item.sz and item.tradeId:
        return "trades"
    if item.last is not None and item.askPx is not None and item.bidPx is not None:
        return "tickers"
    if item.bids is not None and item.asks is not None:
        return "books"
    if item.markPx and item.last is None:
        return "mark-price"
    if item.idxPx:
        return "index-tickers"
    return "message"


def _best(levels: list[list[str]] | None) -> str | None:
    return levels[0][0] if levels and levels[0] else None


def _first_failure(items: list[msgspec.Raw]) -> str:
    return next((item.sMsg for item in map(_decoded, items) if item.sMsg), "")


def _failure(code: str, text: str) -> Reading:
    return Reading(control="error", detail=f"{code} {text}".strip()[:300], refused=is_refusal(code))


def _read_event(message: _Message) -> Reading:
    code = "" if message.code is None else str(message.code)
    if code == _CLOSING_SOON:
        return Reading(control="ack", detail=f"{code} {message.msg or ''}".strip()[:300], reconnect=True)
    if code not in {"", "0"} or message.event not in _ANSWERED_EVENTS:
        if message.event == "error" or code not in {"", "0"}:
            return _failure(code, message.msg or "")
        if message.event == "channel-conn-count-error":
            return Reading(control="error", detail="too many connections to this channel")
        return Reading(control="unknown", detail=f"event {str(message.event)[:60]}")
    channel = message.arg.channel if message.arg is not None else ""
    return Reading(control="ack", detail=f"{message.event} {channel}".strip())
