"""Any JSON, CSV or text: by declared paths and rules, else by the usual names.

A path is JMESPath over the item; with `^` before it, over the whole message (`^[-1]`). `items` is always over the
whole message. What has a price and an instrument is a trade (with a trade's id, or size and side) or a ticker; all
else is a connector.message. Source: jmespath.org specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import generic_values as values
from telemetra.formats.draft import Draft
from telemetra.formats.feed import FeedOptions, Means, Reading, SequenceMark
from telemetra.formats.feed_drafts import SIDES, BadNumber, DraftWriter, content_id
from telemetra.formats.feed_json import no_json, to_bytes
from telemetra.formats.paths import Path
from telemetra.formats.tabular import looks_like_csv, read_rows

FIELDS: Final = frozenset(("items", "id", "sequence", "channel", *values.NAMES))
"""What paths may be declared for."""

_HEARTBEATS: Final = frozenset(("heartbeat", "ping", "pong", "hb"))
_ACK_WORDS: Final = """
    subscribed subscriptions subscribe unsubscribed unsubscribe subscriptionStatus systemStatus ack welcome connected
    info login auth authenticated subscription_succeeded
"""
_ACKS: Final = frozenset(_ACK_WORDS.split())
_LOAD_ERRORS = (ValueError, RecursionError)
_DUMP_ERRORS = (ValueError, RecursionError, OverflowError, TypeError)


class _Rule(NamedTuple):
    when: Sequence[tuple[Path, tuple[Any, ...]]]
    means: Means | None
    paths: Mapping[str, Path]


class Generic:
    """A `FeedFormat`."""

    def __init__(self, options: FeedOptions) -> None:
        self._options = options
        self._writer = DraftWriter(options)
        self._default = _Rule((), None, _compile(options.paths, "mapping.paths"))
        self._rules = [
            _Rule(
                [(Path(path, f"mapping.rules[{n}].when.{path}"), _wanted(want)) for path, want in rule.when.items()],
                rule.means,
                {**self._default.paths, **_compile(rule.paths, f"mapping.rules[{n}].paths")},
            )
            for n, rule in enumerate(options.rules)
        ]

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        body = to_bytes(payload)
        if not body or body.lower() in {b"ping", b"pong"}:
            return Reading(control="heartbeat", detail=body.decode() or "empty")
        try:
            message = values.load(body)
        except _LOAD_ERRORS as error:
            return self._read_text(body, received_at, error)
        rule = _first_fitting(self._rules, message) or self._default
        return self.read_message(message, rule, body, received_at)

    def _read_text(self, body: bytes, received_at: int, error: Exception) -> Reading:
        """What is no JSON: rows, or a text as it is; something that begins like JSON is broken JSON."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Reading(control="unknown", detail="neither JSON nor text in UTF-8")
        if body[:1] in b"{[":
            return Reading(control="unknown", detail=str(no_json(error)))
        if self._options.columns or looks_like_csv(text):
            return self.read_csv(text, body, received_at)
        message_id = content_id(body)
        return Reading(
            [self._writer.message(self._writer.instrument(None), "text", message_id, None, None, "text", text)]
        )

    def read_csv(self, text: str, body: bytes, received_at: int) -> Reading:
        try:
            rows = read_rows(text, self._options.columns)
        except Invalid as error:
            return Reading(control="unknown", detail=str(error))
        return self._read_items(rows, rows, self._default, body, received_at)

    def read_message(self, message: Any, rule: _Rule, body: bytes, received_at: int) -> Reading:
        means = rule.means
        if means in {"ack", "heartbeat", "error", "refused", "skip"}:
            return _control(means, message)
        if "items" in rule.paths:
            found = rule.paths["items"].search(message, message)
            if found is None:
                return Reading(control="unknown", detail="nothing stands at the path of items")
            items = found if isinstance(found, list) else [found]
            return self._read_items(items, message, rule, body, received_at)
        if means is None and (told := _told(message)) is not None:
            return told
        if isinstance(message, list) and message and _are_items(message):
            return self._read_items(message, message, rule, body, received_at)
        return self._read_items([message], message, rule, body, received_at)

    def _read_items(self, items: Sequence[Any], message: Any, rule: _Rule, body: bytes, received_at: int) -> Reading:
        reading = Reading([])
        marks: list[SequenceMark] = []
        message_id = content_id(body)
        for index, item in enumerate(items):
            try:
                raw = msgspec.Raw(body) if item is message else values.dump(item)
            except _DUMP_ERRORS as error:
                reading.control, reading.detail = "unknown", f"item {index}: {str(error)[:160]}"
                continue
            fields = {} if rule.means and rule.paths else values.guess(item) if isinstance(item, dict | list) else {}
            fields |= {name: path.search(item, message) for name, path in rule.paths.items() if name != "items"}
            try:
                draft = self._draft(fields, rule.means, f"{message_id}:{index}", raw, received_at)
            except BadNumber as error:
                reading.control, reading.detail = "unknown", f"item {index}: {error}"
                draft = self._message({**fields, "instrument": None}, f"{message_id}:{index}", raw)
            reading.drafts.append(draft)
            sequence = values.number(fields.get("sequence"))
            if sequence is not None and sequence.isdecimal() and len(sequence) < 20:
                channel = values.text(fields.get("channel") or fields.get("message_type"), 60) or "message"
                marks.append(SequenceMark(draft.stream_id, channel, int(sequence), int(sequence)))
        reading.sequences = tuple(marks)
        return reading

    def _draft(
        self, fields: Mapping[str, Any], means: Means | None, event_id: str, raw: msgspec.Raw, received_at: int
    ) -> Draft:
        """Raises `BadNumber`."""
        price, size = values.number(fields.get("price")), values.number(fields.get("size"))
        bid, ask = values.number(fields.get("bid")), values.number(fields.get("ask"))
        trade_id, side = values.text(fields.get("trade_id")), values.text(fields.get("side"))
        name = self._writer.instrument(values.text(fields.get("instrument")))
        if means is None and price is not None:
            means = "trade" if trade_id or (size and side) else "ticker"
        if name is None or means not in {"trade", "ticker"}:
            if means in {"trade", "ticker"} and "price" in fields and self._options.paths:
                raise BadNumber("no instrument is named (declare its path, or `instrument`)")
            return self._message(fields, event_id, raw)
        time = values.time(fields.get("timestamp"), self._options.timestamp_unit)
        own_id = values.text(fields.get("id"))
        kind = values.text(fields.get("message_type"), 100) or str(means)
        if means == "trade":
            if own_id or trade_id:
                event_id = f"{name}:trade:{own_id or trade_id}"
            side = SIDES.get((side or "").lower())
            return self._writer.trade(name, event_id, time, price or "", size, side, trade_id, kind, raw)
        if own_id:
            event_id = f"{name}:{kind}:{own_id}"[:200]
        elif time is None:
            event_id = f"{event_id}:{received_at}"  # a reading of its own, also where nothing has changed
        volume = values.number(fields.get("volume"))
        return self._writer.ticker(name, event_id, time, price, bid, ask, volume, kind, raw)

    def _message(self, fields: Mapping[str, Any], event_id: str, raw: msgspec.Raw) -> Draft:
        kind = values.text(fields.get("message_type"), 100) or "message"
        channel = values.text(fields.get("channel"), 59) or kind
        name = self._writer.instrument(values.text(fields.get("instrument"), 99))
        time = values.time(fields.get("timestamp"), self._options.timestamp_unit)
        own_id = values.text(fields.get("id"))
        if own_id:
            event_id = f"{kind}:{own_id}"[:200]
        return self._writer.message(name, channel, event_id, time, values.number(fields.get("price")), kind, raw)


class Csv:
    """A `FeedFormat`: every line is an item, whose columns are named by `columns` or by the first line."""

    def __init__(self, options: FeedOptions) -> None:
        self._generic = Generic(options)

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        body = to_bytes(payload)
        if not body:
            return Reading(control="heartbeat", detail="empty")
        return self._generic.read_csv(body.decode(errors="replace"), body, received_at)


class Text:
    """A `FeedFormat`: every message is one event, as it is."""

    def __init__(self, options: FeedOptions) -> None:
        self._writer = DraftWriter(options)

    def read(self, payload: str | bytes, received_at: int) -> Reading:
        body = to_bytes(payload)
        if not body:
            return Reading(control="heartbeat", detail="empty")
        text, writer = body.decode(errors="replace"), self._writer
        return Reading([writer.message(writer.instrument(None), "text", content_id(body), None, None, "text", text)])


def _are_items(values: Sequence[Any]) -> bool:
    first = type(values[0])
    return first in {dict, list} and all(type(value) is first for value in values)


def _compile(paths: Mapping[str, str], where: str) -> dict[str, Path]:
    for name in paths:
        if name not in FIELDS:
            detail = f"{where}.{name}: is none of {', '.join(sorted(FIELDS))}"
            raise Invalid(detail, code="invalid_field", field=f"{where}.{name}")
    return {name: Path(path, f"{where}.{name}") for name, path in paths.items()}


def _wanted(want: Any) -> tuple[Any, ...]:
    return tuple(want) if isinstance(want, list | tuple) else (want,)


def _first_fitting(rules: Sequence[_Rule], message: Any) -> _Rule | None:
    found: dict[str, Any] = {}  # rules mostly look at the same paths
    for rule in rules:
        for path, wanted in rule.when:
            if path.text not in found:
                found[path.text] = path.search(message, message)
            if found[path.text] not in wanted:
                break
        else:
            return rule
    return None


def _control(means: Means, message: Any) -> Reading:
    if means in {"ack", "skip", "heartbeat"}:
        return Reading(control="heartbeat" if means == "heartbeat" else "ack", detail=_short(message))
    return Reading(control="error", detail=_short(message), refused=means == "refused")


def _told(message: Any) -> Reading | None:
    """What the usual words say of a message that carries no data."""
    if not isinstance(message, dict):
        return None
    word = next((w for name in ("event", "type", "op", "method") if isinstance(w := message.get(name), str)), "")
    if word in _HEARTBEATS:
        return Reading(control="heartbeat", detail=word)
    problem = message.get("error") or message.get("errorMessage")
    if problem or word == "error":
        return Reading(control="error", detail=_short(problem or message))
    return Reading(control="ack", detail=word) if word in _ACKS else None


def _short(value: Any) -> str:
    try:
        return bytes(values.dump(value)).decode()[:200]
    except _DUMP_ERRORS:
        return ""
