"""One example of everything that the routes about connectors answer and take. Tests hold them against the models."""

from __future__ import annotations

from typing import Any, Final

from telemetra.operations.connector_models import (
    Connector,
    ConnectorData,
    ConnectorStatus,
    Deleted,
    FeedGap,
    MessageCount,
    PostgresStatus,
    PresetInfo,
    ProbeResult,
    RealtimeTest,
    Saved,
    WebsocketData,
)
from telemetra.operations.feeds import SavedBatch, SavedMessage

_ID: Final = "conn_5f2c9a7b1e40"
_URL: Final = "wss://ws.okx.com:8443/ws/v5/public"
_SUBSCRIBE: Final = {"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}
_RAW: Final = {
    "instId": "BTC-USDT",
    "tradeId": "130639474",
    "px": "42219.9",
    "sz": "0.12060306",
    "side": "buy",
    "ts": "1630048897897",
}
_TRADE: Final = {"price": "42219.9", "size": "0.12060306", "side": "buy", "trade_id": "130639474"}
_PAGE: Final = {"total": 1, "total_is_exact": True, "skip": 0, "limit": 100, "has_more": False}

PRESET_EXAMPLE: Final = {"preset": "okx", "parameters": {"instrument": "BTC-USDT"}, "desired_state": "running"}
DECLARED_EXAMPLE: Final = {
    "name": "OKX trades",
    "api_url": _URL,
    "exchange_name": "okx",
    "format": "okx",
    "subscribe_messages": [_SUBSCRIBE],
    "ping": {"text": "ping", "interval": 20},
}
_SAVED: Final = {
    "exchange": "kraken",
    "instrument": "BTC-USD",
    "price": "64000.1",
    "message_type": "trade",
    "timestamp": "2026-01-31T12:00:00Z",
    "source_id": "t-77",
    "data": {"p": "64000.1", "q": "0.5"},
}
_GAP: Final = {
    "id": "17",
    "connector_id": _ID,
    "stream_id": None,
    "start": "2026-01-31T11:30:00Z",
    "end": "2026-01-31T11:30:02.410000Z",
    "reason": "disconnected",
    "missing": None,
    "detected_at": "2026-01-31T11:30:00.100000Z",
    "filled_at": None,
    "backfill": "none",
    "backfill_attempts": 0,
}
BODY_EXAMPLES: Final[dict[type, Any]] = {
    SavedMessage: _SAVED,
    SavedBatch: {"session_id": "tab-1", "messages": [_SAVED]},
}

CONNECTOR_EXAMPLES: Final[dict[type, dict[str, Any]]] = {
    Connector: {
        "connector_id": _ID,
        "name": "OKX trades",
        "api_url": _URL,
        "http_method": "GET",
        "headers": {},
        "query_params": {},
        "body": None,
        "auth_type": "HMAC",
        "auth_layout": "okx",
        "credentials": {"api_key": "***", "api_secret": "***", "passphrase": "***"},
        "polling_interval": 1000,
        "protocol_type": "WebSocket",
        "exchange_name": "okx",
        "subscribe_messages": [_SUBSCRIBE],
        "ping": {"text": "ping", "interval": 20.0},
        "format": "okx",
        "mapping": {},
        "cursor": None,
        "time_window": None,
        "backfill": None,
        "rotate_after": None,
        "stale_after": None,
        "max_reconnect_attempts": 0,
        "desired_state": "running",
        "status": "running",
        "stale": False,
        "last_message_timestamp": "2026-01-31T12:00:00Z",
        "message_count": 81022,
        "messages_per_second": 22.5,
        "last_error": None,
        "created_at": "2026-01-31T11:00:00Z",
        "updated_at": "2026-01-31T11:00:00Z",
    },
    Deleted: {"connector_id": _ID, "deleted": True},
    FeedGap: _GAP,
    ConnectorStatus: {
        "connector_id": _ID,
        "status": "running",
        "desired_state": "running",
        "stale": False,
        "session_id": "ws-0b5c7f6e2a41",
        "started_at": "2026-01-31T11:00:01Z",
        "last_message_timestamp": "2026-01-31T12:00:00Z",
        "last_event_timestamp": "2026-01-31T11:59:59.897000Z",
        "message_count": 81022,
        "reconnect_attempts": 0,
        "last_error": "the connection was closed (1006)",
        "error_log": [{"at": "2026-01-31T11:30:00Z", "error": "the connection was closed (1006)"}],
        "performance_metrics": {"messages_per_second": 22.5, "latency_p50_ms": 48.0, "reconnects": 1},
        "streams": ["okx:BTC-USDT"],
        "gaps": [_GAP],
        "owner": "host:4711",
        "updated_at": "2026-01-31T12:00:00Z",
    },
    ConnectorData: {
        "data": [
            {
                "id": 4711,
                "connector_id": _ID,
                "timestamp": "2021-08-27T07:21:37.897000Z",
                "exchange": "okx",
                "instrument": "BTC-USDT",
                "price": "42219.9",
                "data": {**_TRADE, "exchange": "okx", "instrument": "BTC-USDT", "message_type": "trades"},
                "raw_response": _RAW,
                "message_type": "trades",
                "source_id": "130639474",
                "session_id": "ws-0b5c7f6e2a41",
                "db_timestamp": "2021-08-27T07:21:38.002000Z",
                "stream_id": "okx:BTC-USDT",
            }
        ],
        **_PAGE,
    },
    WebsocketData: {
        "data": [
            {
                "id": 4711,
                "timestamp": "2021-08-27T07:21:37.897000Z",
                "exchange": "okx",
                "instrument": "BTC-USDT",
                "price": "42219.9",
                "data": _RAW,
                "message_type": "trades",
                "source_id": "130639474",
                "session_id": "ws-0b5c7f6e2a41",
                "connector_id": _ID,
                "db_timestamp": "2021-08-27T07:21:38.002000Z",
                "stream_id": "okx:BTC-USDT",
            }
        ],
        **_PAGE,
    },
    MessageCount: {"count": 81022, "is_exact": True},
    Saved: {"accepted": 1, "duplicate": 0, "rejected": []},
    PostgresStatus: {
        "status": "connected",
        "mode": "embedded",
        "version": "18.4",
        "size_bytes": 48_234_496,
        "connections": 7,
        "max_connections": 100,
        "latency_ms": 0.8,
    },
    RealtimeTest: {"status": "sent", "clients": 2},
    ProbeResult: {
        "ok": True,
        "error": None,
        "seconds": 1.4,
        "messages": 3,
        "event_count": 1,
        "events": [
            {
                "event_id": "130639474",
                "type": "market.trade",
                "stream_id": "okx:BTC-USDT",
                "source": "okx",
                "timestamp": "2021-08-27T07:21:37.897000Z",
                "data": {**_TRADE, "raw": _RAW},
                "problem": None,
            }
        ],
        "controls": [{"control": "ack", "detail": "subscribed to trades of BTC-USDT"}],
    },
    PresetInfo: {
        "name": "okx",
        "title": "OKX",
        "description": "Trades and tickers of an instrument.",
        "parameters": [
            {
                "name": "instrument",
                "description": "OKX calls it instId",
                "form": "instrument",
                "required": True,
                "default": None,
                "example": "BTC-USDT",
            }
        ],
    },
}
