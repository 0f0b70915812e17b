"""What venues answer over REST about what they have just said on the socket: recent trades, for back-fill.

Only what has been played exists: a connector that asks is told what has happened until now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.support.feeds.http import Asked, Told

if TYPE_CHECKING:
    from tests.support.feeds.server import FeedServer

MOST_TRADES = 1_000
MOST_OKX_TRADES = 500


def binance(asked: Asked, server: FeedServer) -> Told | None:
    """/api/v3/trades, the newest; /api/v3/historicalTrades, from an id on. Oldest first."""
    if asked.path not in {"/api/v3/trades", "/api/v3/historicalTrades"}:
        return None
    symbol = asked.query.get("symbol", "")
    if not symbol.isalnum() or not symbol.isupper():
        return Told.json({"code": -1121, "msg": "Invalid symbol."}, 400)
    limit = min(int(asked.query.get("limit", "500")), MOST_TRADES)
    trades = list(_binance_trades(server, symbol))
    if "fromId" in asked.query and asked.path.endswith("historicalTrades"):
        if not asked.query["fromId"].isdigit():
            return Told.json({"code": -1100, "msg": "Illegal characters found in parameter 'fromId'."}, 400)
        first = int(asked.query["fromId"])
        return Told.json([trade for trade in trades if trade["id"] >= first][:limit])
    return Told.json(trades[-limit:])


def _binance_trades(server: FeedServer, symbol: str) -> Iterator[dict[str, Any]]:
    """Each frame is looked at once: a venue answers at once, too."""
    seen, known = server.memo.setdefault("trades", [0, []])
    for frame in server.player.frames[seen : server.player.position]:
        if "@trade" in frame.text[:60]:
            data = json.loads(server.text(frame))["data"]
            named = {"id": data["t"], "price": data["p"], "qty": data["q"], "time": data["T"]}
            known.append((data["s"], {**named, "isBuyerMaker": data["m"], "isBestMatch": data["M"]}))
    server.memo["trades"][0] = server.player.position
    return (trade for name, trade in known if name == symbol)


def okx(asked: Asked, server: FeedServer) -> Told | None:
    """/api/v5/market/trades and history-trades (`after`: older than an id; `before`: newer). Newest first."""
    if asked.path not in {"/api/v5/market/trades", "/api/v5/market/history-trades"}:
        return None
    trades = [
        item
        for frame in server.frames_played
        if '"channel":"trades"' in frame.text
        for item in json.loads(server.text(frame))["data"]
        if item["instId"] == asked.query.get("instId")
    ][::-1]
    if "after" in asked.query:
        trades = [trade for trade in trades if int(trade["tradeId"]) < int(asked.query["after"])]
    if "before" in asked.query:
        trades = [trade for trade in trades if int(trade["tradeId"]) > int(asked.query["before"])]
    limit = min(int(asked.query.get("limit", "100")), MOST_OKX_TRADES)
    return Told.json({"code": "0", "msg": "", "data": trades[:limit]})
