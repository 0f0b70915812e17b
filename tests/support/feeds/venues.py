"""How venues behave on a socket: what they answer to a subscription, and which frames it brings.

A desk serves one connection. `topics` are what it has subscribed to; the server sends it the frames of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


class Desk(Protocol):
    topics: set[str]

    def greeting(self) -> list[str]:
        """What the venue says first."""

    def hear(self, text: str) -> list[str]:
        """What it answers to a message."""

    def shape(self, text: str) -> str:
        """A frame of the recording as this connection is to see it."""

    def beat(self) -> str | None:
        """What it says now and then to show that it lives."""


class Venue(Protocol):
    def topic(self, text: str) -> str | None:
        """What one has to subscribe to for this frame; None: no data (acks, heartbeats), never played."""

    def desk(self, path: str, known: frozenset[str]) -> Desk: ...


class PlainDesk:
    """Everything to everybody, no questions asked."""

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self.topics = set(topics)

    def greeting(self) -> list[str]:
        return []

    def hear(self, text: str) -> list[str]:
        return ["pong"] if text == "ping" else []

    def shape(self, text: str) -> str:
        return text

    def beat(self) -> str | None:
        return None


class Plain:
    def topic(self, text: str) -> str | None:
        return "all"

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return PlainDesk(["all"])


class OkxDesk(PlainDesk):
    """Subscriptions by channel and instrument; `login` is right for the passphrase `right` and wrong for any other."""

    def __init__(self, known: frozenset[str]) -> None:
        super().__init__()
        self._known = known

    def hear(self, text: str) -> list[str]:
        if text == "ping":
            return ["pong"]
        message = _json(text)
        operation, arguments = message.get("op"), message.get("args") or []
        if operation == "login":
            right = all(argument.get("passphrase") == "right" for argument in arguments)
            code, told = ("0", "") if right else ("60009", "Login failed.")
            return [
                json.dumps({"event": "login" if right else "error", "code": code, "msg": told, "connId": "a4d3ae55"})
            ]
        if operation not in {"subscribe", "unsubscribe"}:
            return [json.dumps({"event": "error", "code": "60012", "msg": f"Invalid request: {text}"})]
        return [self._one(operation, argument) for argument in arguments]

    def _one(self, operation: str, argument: dict[str, Any]) -> str:
        topic = f"{argument.get('channel')}:{argument.get('instId')}"
        if operation == "unsubscribe":
            self.topics.discard(topic)
        elif topic in self._known:
            self.topics.add(topic)
        else:
            told = f"Wrong URL or channel:{argument.get('channel')},instId:{argument.get('instId')} doesn't exist."
            return json.dumps({"event": "error", "code": "60018", "msg": told, "connId": "a4d3ae55"})
        return json.dumps({"event": operation, "arg": argument, "connId": "a4d3ae55"})


class Okx:
    def topic(self, text: str) -> str | None:
        message = _json(text)
        argument = message.get("arg")
        return f"{argument['channel']}:{argument['instId']}" if argument and "data" in message else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return OkxDesk(known)


class BinanceDesk(PlainDesk):
    """Streams by the path (`/stream?streams=a/b`, `/ws/a`) or by SUBSCRIBE. Only `/stream` wraps the data."""

    def __init__(self, path: str) -> None:
        parts = urlsplit(path)
        named = parse_qs(parts.query).get("streams", [""])[0] if parts.path == "/stream" else parts.path[len("/ws/") :]
        super().__init__(name for name in named.split("/") if name)
        self._wrapped = parts.path == "/stream"

    def hear(self, text: str) -> list[str]:
        message = _json(text)
        method, streams = message.get("method"), message.get("params") or []
        if method == "SUBSCRIBE":
            self.topics |= set(streams)
        elif method == "UNSUBSCRIBE":
            self.topics -= set(streams)
        else:
            return [
                json.dumps({"error": {"code": 2, "msg": "Invalid request: unknown method"}, "id": message.get("id")})
            ]
        return [json.dumps({"result": None, "id": message.get("id")})]

    def shape(self, text: str) -> str:
        return text if self._wrapped else text.partition('"data":')[2][:-1]


class Binance:
    def topic(self, text: str) -> str | None:
        start = '{"stream":"'
        return text[len(start) :].partition('"')[0] if text.startswith(start) else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return BinanceDesk(path)


_COINBASE = {
    "ticker": "ticker",
    "match": "matches",
    "last_match": "matches",
    "l2update": "level2",
    "snapshot": "level2",
}


class CoinbaseDesk(PlainDesk):
    def hear(self, text: str) -> list[str]:
        message = _json(text)
        if message.get("type") not in {"subscribe", "unsubscribe"}:
            return [json.dumps({"type": "error", "message": "Malformed JSON"})]
        topics = {
            f"{channel}:{product}" for channel in message["channels"] for product in message.get("product_ids") or ["*"]
        }
        self.topics = self.topics | topics if message["type"] == "subscribe" else self.topics - topics
        channels: dict[str, list[str]] = {}
        for topic in sorted(self.topics):
            channel, _, product = topic.partition(":")
            channels.setdefault(channel, []).append(product)
        listed = [{"name": name, "product_ids": products} for name, products in channels.items()]
        return [json.dumps({"type": "subscriptions", "channels": listed})]


class Coinbase:
    def topic(self, text: str) -> str | None:
        message = _json(text)
        channel = _COINBASE.get(message.get("type", ""))
        return f"{channel}:{message['product_id']}" if channel else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return CoinbaseDesk()


class KrakenDesk(PlainDesk):
    """Version 1 of its API."""

    def greeting(self) -> list[str]:
        status = {"connectionID": 18239578009413566319, "event": "systemStatus", "status": "online", "version": "1.8.3"}
        return [json.dumps(status)]

    def hear(self, text: str) -> list[str]:
        message = _json(text)
        if message.get("event") == "ping":
            return [json.dumps({"event": "pong", **({"reqid": message["reqid"]} if "reqid" in message else {})})]
        if message.get("event") not in {"subscribe", "unsubscribe"}:
            return [json.dumps({"errorMessage": "Malformed request", "event": "error"})]
        return [self._one(message, pair) for pair in message["pair"]]

    def _one(self, message: dict[str, Any], pair: str) -> str:
        subscription = message["subscription"]
        depth = f"-{subscription.get('depth', 10)}" if subscription["name"] == "book" else ""
        channel = subscription["name"] + depth
        answer = {"channelID": 1665, "channelName": channel, "event": "subscriptionStatus", "pair": pair}
        if message["event"] == "subscribe":
            self.topics.add(f"{channel}:{pair}")
        else:
            self.topics.discard(f"{channel}:{pair}")
        return json.dumps({**answer, "status": f"{message['event']}d", "subscription": subscription})

    def beat(self) -> str | None:
        return '{"event":"heartbeat"}'


class Kraken:
    def topic(self, text: str) -> str | None:
        message = json.loads(text)
        return f"{message[-2]}:{message[-1]}" if isinstance(message, list) else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return KrakenDesk()


class KrakenV2Desk(PlainDesk):
    """Version 2 of its API."""

    def greeting(self) -> list[str]:
        status = {"system": "online", "api_version": "v2", "connection_id": 12393906104898154338, "version": "2.0.0"}
        return [json.dumps({"channel": "status", "type": "update", "data": [status]})]

    def hear(self, text: str) -> list[str]:
        message = _json(text)
        times = {"time_in": "2026-01-01T00:00:00.000001Z", "time_out": "2026-01-01T00:00:00.000009Z"}
        if message.get("method") == "ping":
            return [json.dumps({"method": "pong", **times})]
        if message.get("method") != "subscribe":
            return [json.dumps({"error": "Method not found", "method": "", "success": False, **times})]
        channel, symbols = message["params"]["channel"], message["params"]["symbol"]
        self.topics |= {f"{channel}:{symbol}" for symbol in symbols}
        results = [{"channel": channel, "snapshot": True, "symbol": symbol} for symbol in symbols]
        return [json.dumps({"method": "subscribe", "result": one, "success": True, **times}) for one in results]

    def beat(self) -> str | None:
        return '{"channel":"heartbeat"}'


class KrakenV2:
    def topic(self, text: str) -> str | None:
        message = _json(text)
        data = message.get("data")
        return f"{message['channel']}:{data[0]['symbol']}" if data else None

    def desk(self, path: str, known: frozenset[str]) -> Desk:
        return KrakenV2Desk()


def _json(text: str) -> dict[str, Any]:
    """An object, or an empty one."""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
