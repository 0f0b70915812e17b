"""What a connector sends first: the handshake of a WebSocket, with what was signed exactly as it was signed."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from telemetra.operations.connector_fields import read_config
from telemetra.sources.outgoing import Outgoing

SECRET = "s" * 32


def test_a_websocket_is_opened_with_the_query_that_was_signed() -> None:
    config = read_config(
        {
            "name": "account",
            "api_url": "wss://a.test:8443/ws?listen=caf\u00e9#part",
            "query_params": {"symbol": "BTC/USDT"},
            "auth_type": "HMAC",
            "auth_layout": "binance",
            "credentials": {"api_key": "key", "api_secret": SECRET},
        }
    )
    url, headers = Outgoing(config).handshake(1_700_000_000_000_000)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("wss", "a.test:8443", "/ws", "")
    signed, _, signature = parts.query.partition("&signature=")
    assert signed.startswith("listen=caf%C3%A9&symbol=BTC%2FUSDT&")
    assert signature == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert headers["X-MBX-APIKEY"] == "key"
