"""Declarations of connectors: what is taken, what is refused, and that the refusal names the field."""

from __future__ import annotations

from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.operations.connector_fields import read_config

LEAST = {"name": "one", "api_url": "wss://ws.okx.com:8443/ws/v5/public"}


def test_the_protocol_and_the_exchange_follow_from_the_url() -> None:
    config = read_config(LEAST)
    assert (config.protocol_type, config.exchange_name, config.polling_interval) == ("WebSocket", "ws.okx.com", 1000)
    assert read_config(LEAST | {"api_url": "https://api.example/x"}).protocol_type == "REST"
    assert read_config(LEAST | {"exchange_name": "OKX"}).exchange_name == "okx"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"api_url": "ftp://example/x"}, "api_url"),
        ({"api_url": "https://user:word@example/x"}, "api_url"),
        ({"api_url": "https://"}, "api_url"),
        ({"api_url": "https://exa mple/"}, "api_url"),
        ({"api_url": "http://[::1"}, "api_url"),
        ({"polling_interval": 99}, "polling_interval"),
        ({"polling_interval": 60_001}, "polling_interval"),
        ({"polling_interval": "1000"}, "polling_interval"),
        ({"auth_type": "OAuth"}, "auth_type"),
        ({"protocol_type": "REST"}, "protocol_type"),
        ({"http_method": "TRACE"}, "http_method"),
        ({"credentials": {"key": 1}}, "credentials[...]"),
        ({"exchange_name": "a b"}, "exchange_name"),
        ({"cursor": {"parameter": "c", "path": "next"}}, "cursor"),
        ({"ping": {"interval": 0}}, "ping.interval"),
        ({"backfill": {"api_url": "ws://example/x"}}, "backfill.api_url"),
        ({"stale_after": 0}, "stale_after"),
        ({"max_reconnect_attempts": -1}, "max_reconnect_attempts"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_config(LEAST | fields)
    assert refused.value.field == field
    assert str(refused.value).startswith(field)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        read_config({"name": "one"})
    assert (refused.value.field, refused.value.code) == ("api_url", "missing_field")


def test_a_declaration_never_prints_what_may_be_secret() -> None:
    config = read_config(LEAST | {"credentials": {"api_key": "hush"}, "headers": {"X-Key": "hush"}})
    assert "hush" not in f"{config!r} {config}"
