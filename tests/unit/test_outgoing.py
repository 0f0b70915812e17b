"""What a connector sends first: the handshake of a WebSocket, with what was signed exactly as it was signed."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

import pytest

from telemetra.errors import Invalid
from telemetra.operations.connector_fields import read_config
from telemetra.sources.outgoing import Outgoing, check_outgoing

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


def test_a_back_fill_takes_its_secret_from_the_credentials() -> None:
    config = read_config(
        {
            "name": "account",
            "api_url": "wss://a.test/ws",
            "credentials": {"api_key": SECRET},
            "backfill": {
                "api_url": "https://a.test/history",
                "query_params": {"apikey": "{{api_key}}", "since": "{from}"},
                "body": {"key": "{{api_key}}", "ids": ["{from_id}"]},
            },
        }
    )
    assert config.backfill is not None
    request = Outgoing(config).backfill(config.backfill, {"from": "5", "from_id": "7"}, 0)
    assert request.params == [("apikey", SECRET), ("since", "5")]
    assert request.body == f'{{"key":"{SECRET}","ids":["7"]}}'.encode()


def test_a_name_that_stands_for_nothing_in_a_back_fill_is_said() -> None:
    backfill = {"api_url": "https://a.test/h", "query_params": {"k": "{{no_such}}"}}
    config = read_config({"name": "n", "api_url": "wss://a.test/ws", "backfill": backfill})
    with pytest.raises(Invalid) as refused:
        check_outgoing(config)
    assert refused.value.field == "backfill"
    assert "backfill.query_params" in str(refused.value)
