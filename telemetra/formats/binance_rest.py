"""Binance's REST answers, which do not say what they are: told apart by their members. A trade has the same event id
as over the WebSocket, so that a back-fill closes a gap without counting a trade twice."""

from __future__ import annotations

from typing import Final

import msgspec

from telemetra.formats.draft import Draft
from telemetra.formats.feed import Reading, SequenceMark
from telemetra.formats.feed_drafts import BadNumber, DraftWriter, content_id, source_time
from telemetra.formats.feed_json import PARSER_ERRORS, Fields, read_fields, text_of

_REFUSALS: Final = frozenset(("-1002", "-1022", "-2008", "-2014", "-2015"))
"""Unauthorized, bad signature, unknown key, malformed key, key without the right or from a wrong address."""

_TRADE: Final = ("id", "price", "qty", "time", "isBuyerMaker")
_AGG_TRADE: Final = ("a", "p", "q", "T", "m")
_KLINE_CLOSE = 4

_raws = msgspec.json.Decoder(list[msgspec.Raw])
_code = msgspec.json.Decoder(int)


def read_rest(writer: DraftWriter, body: bytes, stream: str, received_at: int) -> Reading:
    """An answer, or the result of one over the WebSocket API. `stream`: the name of the combined stream it came in
    (`btcusdt@depth20`), if any. Raises the parser's errors."""
    if body[:1] == b"[":
        items = _raws.decode(body)
        reading = Reading() if items else Reading(control="ack", detail="an empty answer")
        message_id = content_id(body)
        for index, raw in enumerate(items):
            _add(reading, writer, raw, stream, f"{message_id}:{index}", received_at)
        reading.sequences = tuple(mark for draft in reading.drafts if (mark := _mark(draft)) is not None)
        return reading
    fields = read_fields(body)
    if not fields:
        return Reading(control="ack", detail="an empty answer")
    if "code" in fields and "msg" in fields and (failure := _failure(fields)) is not None:
        return failure
    if "error" in fields and bytes(fields["error"])[:1] == b"{":
        return _failure(read_fields(fields["error"])) or Reading(control="ack")
    if "result" in fields:
        result = bytes(fields["result"])
        if result[:1] in {b"[", b"{"}:
            return read_rest(writer, result, stream, received_at)
        return Reading(control="ack", detail="answer to a request")
    if fields.keys() == {"serverTime"}:
        return Reading(control="heartbeat", detail="server time")
    reading = Reading()
    _add(reading, writer, msgspec.Raw(body), stream, f"{content_id(body)}:0", received_at)
    return reading


def _mark(draft: Draft) -> SequenceMark | None:
    """The number of a trade, from its id: a back-fill tells by it what is still missing."""
    _, _, numbered = draft.event_id.partition(":")
    kind, _, number = numbered.partition(":")
    if draft.type != "market.trade" or not number.isdecimal() or len(number) >= 20:
        return None
    return SequenceMark(draft.stream_id, kind, int(number), int(number))


def _failure(fields: Fields) -> Reading | None:
    code, text = text_of(fields, "code") or "", text_of(fields, "msg") or ""
    if code in {"0", "200"}:
        return None
    return Reading(control="error", detail=f"{code} {text}".strip()[:300], refused=code in _REFUSALS)


def _add(reading: Reading, writer: DraftWriter, raw: msgspec.Raw, stream: str, event_id: str, received_at: int) -> None:
    symbol, _, channel = stream.partition("@")
    channel = channel.partition("@")[0]
    if bytes(raw)[:1] == b"{":
        try:
            fields = read_fields(raw)
        except PARSER_ERRORS as error:
            reading.control, reading.detail = "unknown", f"item {event_id.rpartition(':')[2]}: {str(error)[:160]}"
            return
        try:
            name = writer.instrument(text_of(fields, "symbol", "s") or symbol or None)
            draft = _market(writer, fields, name, event_id, raw, received_at) if name else None
        except BadNumber as error:
            reading.control, reading.detail = "unknown", f"item {event_id.rpartition(':')[2]}: {error}"
            name, draft = None, None
        reading.drafts.append(draft or _message(writer, fields, name, channel, event_id, raw))
    elif bytes(raw)[:1] == b"[" and not symbol:
        reading.drafts.append(_kline(writer, raw, event_id))
    else:
        reading.control, reading.detail = "unknown", f"item {event_id.rpartition(':')[2]} is no object"


def _market(
    writer: DraftWriter, fields: Fields, name: str, event_id: str, raw: msgspec.Raw, received_at: int
) -> Draft | None:
    if "orderId" in fields:  # an order or trade of one's own, not of the market
        return None
    for kind, (number, price, size, time, maker) in (("trade", _TRADE), ("aggTrade", _AGG_TRADE)):
        if number in fields and price in fields and maker in fields:
            text = text_of(fields, number) or ""
            return writer.trade(
                name,
                f"{name}:{kind}:{text}",
                source_time(text_of(fields, time)),
                text_of(fields, price) or "",
                text_of(fields, size),
                "sell" if bytes(fields[maker]) == b"true" else "buy",
                text,
                kind,
                raw,
            )
    last = text_of(fields, "lastPrice", "price")
    bid, ask = text_of(fields, "bidPrice"), text_of(fields, "askPrice")
    if (last is None and (bid is None or ask is None)) or "mins" in fields:
        return None
    time_of_it = source_time(text_of(fields, "closeTime", "time"))
    if time_of_it is None:
        # Without a time of its own every answer is a reading of its own, also where nothing has changed.
        event_id = f"{event_id}:{received_at}"
    kind = "24hrTicker" if "lastPrice" in fields else "bookTicker" if last is None else "price"
    return writer.ticker(name, event_id, time_of_it, last, bid, ask, text_of(fields, "volume"), kind, raw)


def _message(
    writer: DraftWriter, fields: Fields, name: str | None, channel: str, event_id: str, raw: msgspec.Raw
) -> Draft:
    if not channel:
        channel = next((kind for mark, kind in _CHANNELS if mark in fields), "message")
    time = source_time(text_of(fields, "updateTime", "transactTime", "time", "closeTime", "serverTime", "E"))
    return writer.message(name, channel, event_id, time, text_of(fields, "price"), channel, raw)


_CHANNELS: Final = (
    ("lastUpdateId", "depth"),
    ("orderId", "orders"),
    ("balances", "account"),
    ("symbols", "exchangeInfo"),
    ("mins", "avgPrice"),
    ("isBuyerMaker", "trade"),
    ("fundingRate", "fundingRate"),
    ("lastPrice", "24hrTicker"),
    ("bidPrice", "bookTicker"),
)


def _kline(writer: DraftWriter, raw: msgspec.Raw, event_id: str) -> Draft:
    time = price = None
    try:
        cells = _raws.decode(raw)
        time, price = source_time(_code.decode(cells[0])), bytes(cells[_KLINE_CLOSE]).decode().strip('"')
    except (*PARSER_ERRORS, IndexError):
        pass
    return writer.message(writer.instrument(None), "kline", event_id, time, price, "kline", raw)
