"""Binance: combined streams `{stream, data}`, direct events `{e, s, …}` and REST answers, spot and futures.
Source: Binance "WebSocket Streams" and "Market Data endpoints" references.

trade, aggTrade, REST trades, aggTrades      market.trade, id from the trade's own
24hrTicker, 24hrMiniTicker, REST tickers     market.ticker, `last` is c (p is the change)
bookTicker                                   market.ticker, `last` is the middle of bid and ask
all else                                     connector.message: depth, kline, markPrice, orders …
"""

from __future__ import annotations

from typing import Final

import msgspec

from telemetra.formats.binance_rest import read_rest
from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedOptions, Reading, SequenceMark
from telemetra.formats.feed_drafts import BadNumber, DraftWriter, content_id, source_time
from telemetra.formats.feed_json import PARSER_ERRORS, no_json, to_bytes

_NOTHING: Final = msgspec.Raw(b"")


class _Head(msgspec.Struct, gc=False):
    """Enough of a message to see what it is."""

    stream: str = ""
    data: msgspec.Raw = _NOTHING
    e: str = ""
    u: msgspec.Raw = _NOTHING
    s: msgspec.Raw = _NOTHING
    b: msgspec.Raw = _NOTHING


class _Trade(msgspec.Struct, gc=False):
    s: str
    p: str
    q: str
    T: int
    m: bool
    t: int
    M: bool | None = None


class _AggTrade(msgspec.Struct, gc=False):
    s: str
    p: str
    q: str
    T: int
    m: bool
    a: int


class _Ticker(msgspec.Struct, gc=False):
    s: str
    c: str
    E: int
    v: str | None = None
    b: str | None = None
    a: str | None = None


class _BookTicker(msgspec.Struct, gc=False):
    s: str
    b: str
    a: str
    T: int | None = None
    E: int | None = None


class _Depth(msgspec.Struct, gc=False):
    s: str
    E: int
    U: int
    u: int
    pu: int | None = None


class _Candle(msgspec.Struct, gc=False):
    c: str
    i: str


class _Kline(msgspec.Struct, gc=False):
    s: str
    E: int
    k: _Candle


class _Order(msgspec.Struct, gc=False):
    s: str
    p: str | None = None


class _Liquidation(msgspec.Struct, gc=False):
    E: int
    o: _Order


class _Other(msgspec.Struct, gc=False):
    E: int | None = None
    s: str | None = None
    p: str | None = None
    w: str | None = None


_head = msgspec.json.Decoder(_Head)
_trade = msgspec.json.Decoder(_Trade)
_agg_trade = msgspec.json.Decoder(_AggTrade)
_ticker = msgspec.json.Decoder(_Ticker)
_book_ticker = msgspec.json.Decoder(_BookTicker)
_depth = msgspec.json.Decoder(_Depth)
_kline = msgspec.json.Decoder(_Kline)
_liquidation = msgspec.json.Decoder(_Liquidation)
_other = msgspec.json.Decoder(_Other)
_raws = msgspec.json.Decoder(list[msgspec.Raw])

Marks = list[SequenceMark]


class Binance:
    """A `FeedFormat`."""

    def __init__(self, options: FeedOptions) -> None:
        self._writer = DraftWriter(options)

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        body = to_bytes(payload)
        if body in {b"pong", b"ping"}:
            return Reading(control="heartbeat", detail=body.decode())
        try:
            if body[:1] == b"[":
                return self._read_many(body, _raws.decode(body), "", received_at)
            head = _head.decode(body)
            if head.data:
                data = bytes(head.data)
                if data[:1] == b"[":
                    return self._read_many(data, _raws.decode(data), head.stream, received_at)
                return self._read_one(data, head.stream, _head.decode(data), received_at)
            return self._read_one(body, head.stream, head, received_at)
        except PARSER_ERRORS as error:
            return Reading(control="unknown", detail=str(no_json(error)))

    def _read_many(self, body: bytes, items: list[msgspec.Raw], stream: str, received_at: int) -> Reading:
        """An array of events (`!ticker@arr`), or a REST answer."""
        if not items or bytes(items[0])[:1] != b"{" or not _head.decode(items[0]).e:
            return read_rest(self._writer, body, stream, received_at)
        reading = Reading()
        marks: Marks = []
        for index, raw in enumerate(items):
            self._add(reading, marks, bytes(raw), _head.decode(raw), index)
        reading.sequences = tuple(marks)
        return reading

    def _read_one(self, data: bytes, stream: str, head: _Head, received_at: int) -> Reading:
        if head.e == "serverShutdown":
            return Reading(control="ack", detail="the server shuts down", reconnect=True)
        if not head.e and not (head.u and head.s and head.b):
            return read_rest(self._writer, data, stream, received_at)
        reading = Reading()
        marks: Marks = []
        self._add(reading, marks, data, head, 0)
        if marks:
            reading.sequences = tuple(marks)
        return reading

    def _add(self, reading: Reading, marks: Marks, data: bytes, head: _Head, index: int) -> None:
        """The event in `data`; what cannot be read as its type is kept as a message."""
        event, raw = head.e or "bookTicker", msgspec.Raw(data)
        try:
            draft = self._market(event, data, raw, marks, index)
        except (BadNumber, *PARSER_ERRORS) as error:
            reading.control, reading.detail = "unknown", f"{event[:60]}: {str(error)[:160]}"
            draft = None
        reading.drafts.append(draft or self._message(event, data, raw, marks, f"{content_id(data)}:{index}"))

    def _market(self, event: str, data: bytes, raw: msgspec.Raw, marks: Marks, index: int) -> Draft | None:
        writer = self._writer
        if event == "trade":
            trade = _trade.decode(data)
            name = writer.instrument(trade.s) or ""
            number = str(trade.t)
            draft = writer.trade(
                name,
                f"{name}:trade:{number}",
                source_time(trade.T),
                trade.p,
                trade.q,
                "sell" if trade.m else "buy",
                number,
                event,
                raw,
            )
            if trade.M is not None:  # of spot alone; futures leave out trades of their own insurance fund
                marks.append(SequenceMark(draft.stream_id, event, trade.t, trade.t))
            return draft
        if event == "aggTrade":
            agg = _agg_trade.decode(data)
            name = writer.instrument(agg.s) or ""
            number = str(agg.a)
            draft = writer.trade(
                name,
                f"{name}:aggTrade:{number}",
                source_time(agg.T),
                agg.p,
                agg.q,
                "sell" if agg.m else "buy",
                number,
                event,
                raw,
            )
            marks.append(SequenceMark(draft.stream_id, event, agg.a, agg.a))
            return draft
        if event == "bookTicker":
            quote = _book_ticker.decode(data)
            name, time = writer.instrument(quote.s) or "", source_time(quote.T or quote.E)
            return writer.ticker(name, f"{content_id(data)}:{index}", time, None, quote.b, quote.a, None, event, raw)
        if event in {"24hrTicker", "24hrMiniTicker"}:
            found = _ticker.decode(data)
            name, time = writer.instrument(found.s) or "", source_time(found.E)
            event_id = f"{content_id(data)}:{index}"
            return writer.ticker(name, event_id, time, found.c, found.b, found.a, found.v, event, raw)
        return None

    def _message(self, event: str, data: bytes, raw: msgspec.Raw, marks: Marks, event_id: str) -> Draft:
        channel, symbol, time, price, depth = event, None, None, None, None
        try:
            if event == "depthUpdate":
                depth = _depth.decode(data)
                channel, symbol, time = "depth", depth.s, depth.E
            elif event == "kline":
                kline = _kline.decode(data)
                channel, symbol, time, price = f"kline_{kline.k.i}", kline.s, kline.E, kline.k.c
            elif event == "forceOrder":
                liquidation = _liquidation.decode(data)
                symbol, time, price = liquidation.o.s, liquidation.E, liquidation.o.p
            else:
                other = _other.decode(data)
                symbol, time, price = other.s, other.E, other.p or other.w
            name = self._writer.instrument(symbol)
        except (BadNumber, *PARSER_ERRORS):
            name = None
        draft = self._writer.message(name, channel, event_id, source_time(time), price, event, raw)
        if depth is not None:
            first = depth.U if depth.pu is None else depth.pu + 1
            marks.append(SequenceMark(draft.stream_id, channel, first, depth.u))
        return draft
