"""Secrets where everybody could read them: refused by name of the place, without a word of the secret."""

from __future__ import annotations

from typing import Any

import pytest

from telemetra.operations.clear_secrets import clear_secrets
from telemetra.operations.connector_fields import read_config
from telemetra.sources.presets import load_preset, preset_names

CANARY = "canary4711Abcdef0815"
LEAST = {"name": "one", "api_url": "wss://a.example/ws"}
BACKFILL = {"api_url": "https://a.example/history"}


@pytest.mark.parametrize(
    ("fields", "field", "belongs"),
    [
        ({"api_url": f"wss://a.example/ws?api_key={CANARY}"}, "api_url", "query_params.api_key"),
        ({"api_url": f"wss://a.example/ws?token={CANARY}"}, "api_url", "query_params.token"),
        ({"body": {"user": {"password": "short"}}}, "body.user.password", "credentials.password"),
        (
            {"subscribe_messages": [{"op": "login", "args": [{"apiKey": CANARY}]}]},
            "subscribe_messages[0].args[0].apiKey",
            "credentials.apikey, and {{apikey}} here",
        ),
        ({"subscribe_messages": [f"PASS oauth:{CANARY.lower()}"]}, "subscribe_messages[0]", "credentials.token"),
        ({"ping": {"json": {"auth": f"Bearer {CANARY}"}}}, "ping.json.auth", "credentials.token"),
        (
            {"backfill": {**BACKFILL, "query_params": {"apikey": CANARY, "from": "{from}"}}},
            "backfill.query_params.apikey",
            "credentials.apikey",
        ),
        (
            {"backfill": {"api_url": f"https://a.example/history?access_token={CANARY}"}},
            "backfill.api_url",
            "{{access_token}} in backfill.query_params",
        ),
        (
            {"credentials": {"api_key": CANARY}, "backfill": {**BACKFILL, "body": {"who": f"x-{CANARY}"}}},
            "backfill.body.who",
            "credentials.credential",
        ),
    ],
)
def test_a_secret_in_the_clear_is_refused(fields: dict[str, Any], field: str, belongs: str) -> None:
    found = clear_secrets(read_config(LEAST | fields))
    assert {error.field for error in found} == {field}
    assert belongs in str(found[0])
    assert found[0].code == "secret_in_clear"
    assert CANARY.lower() not in str(found[0]).lower()


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": f"Bearer {CANARY}"}, "query_params": {"api_key": CANARY}},
        {"subscribe_messages": [{"op": "login", "apiKey": "{{api_key}}", "sign": "{{signature}}"}]},
        {"subscribe_messages": [{"method": "subscribe", "token": "SOL"}]},
        {"subscribe_messages": [{"token": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"}]},
        {"backfill": {**BACKFILL, "query_params": {"token": "{{api_key}}", "from": "{from}"}}},
        {"cursor": None, "mapping": {"paths": {"id": "secret", "price": "token.price"}}},
    ],
)
def test_what_is_no_secret_or_is_kept_well_is_taken(fields: dict[str, Any]) -> None:
    assert clear_secrets(read_config(LEAST | fields)) == []


@pytest.mark.parametrize("name", preset_names())
def test_presets_hold_none(name: str) -> None:
    preset = load_preset(name)
    fields = preset.connector_fields({one.name: one.example for one in preset.parameters if one.required})
    assert clear_secrets(read_config(fields)) == []
