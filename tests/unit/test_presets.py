"""Presets: every file that comes with Telemetra makes a valid connector; a wrong file or parameter is named."""

from __future__ import annotations

from typing import Any

import pytest

from telemetra.errors import Invalid
from telemetra.formats.feed import feed_options
from telemetra.formats.feeds import make_format
from telemetra.formats.presets import parse_preset
from telemetra.operations.connector_fields import read_config
from telemetra.sources.presets import load_preset, preset_names

GOOD = """
name: venue
title: A venue
description: For tests.
parameters:
  - {name: instrument, description: the pair, form: instrument, required: true}
  - {name: channels, description: the channels, form: list, default: [trades, books]}
connector:
  name: Venue <instrument>
  api_url: wss://venue.example/<instrument:joined:lower>
  subscribe_messages:
    - {op: hello, channels: <channels>, as: "<channels:upper>"}
    - each: channels
      of: {channel: <channels>, pair: "<instrument:slash>"}
  mapping: {stream: "{exchange}:{instrument}"}
"""


def filled(name: str) -> dict[str, Any]:
    preset = load_preset(name)
    return preset.connector_fields({p.name: p.example for p in preset.parameters if p.required})


def test_the_venues_of_the_product_are_there() -> None:
    assert {"okx", "binance", "coinbase", "kraken", "twitch"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_file_makes_a_valid_connector_with_a_format(name: str) -> None:
    assert load_preset(name).name == name
    assert all(parameter.example for parameter in load_preset(name).parameters if parameter.required)
    config = read_config(filled(name))
    assert config.exchange_name is not None
    make_format(config.format, feed_options(config.exchange_name, config.mapping))
    if config.backfill is not None:
        make_format(config.backfill.format or config.format, feed_options("x", config.backfill.mapping or {}))


def test_what_the_venues_are_sent() -> None:
    assert filled("binance")["subscribe_messages"] == [
        {"method": "SUBSCRIBE", "params": ["btcusdt@trade", "btcusdt@ticker"], "id": 1}
    ]
    assert filled("okx")["subscribe_messages"] == [
        {"op": "subscribe", "args": [{"channel": "trades-all", "instId": "BTC-USDT"}]}
    ]
    assert filled("kraken")["subscribe_messages"][0]["params"] == {"channel": "trade", "symbol": ["BTC/USD"]}
    assert filled("coinbase")["subscribe_messages"][0]["product_ids"] == ["BTC-USD"]
    assert (
        load_preset("twitch").connector_fields({"channel": "TwitchDev"})["subscribe_messages"][-1] == "JOIN #twitchdev"
    )


def test_parameters_are_put_in_by_form_and_lists_element_by_element() -> None:
    fields = parse_preset(GOOD).connector_fields({"instrument": "xbt/usdt", "channels": "trades"})
    assert fields == {
        "name": "Venue BTC-USDT",
        "api_url": "wss://venue.example/btcusdt",
        "subscribe_messages": [
            {"op": "hello", "channels": ["trades"], "as": "TRADES"},
            {"channel": "trades", "pair": "BTC/USDT"},
        ],
        "mapping": {"stream": "{exchange}:{instrument}"},
    }
    two = parse_preset(GOOD).connector_fields({"instrument": "BTCUSDT"})["subscribe_messages"]
    assert [message.get("channel") for message in two] == [None, "trades", "books"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "parameters.instrument"),
        ({"instrument": ""}, "parameters.instrument"),
        ({"instrument": 'BTC"},{"x":"'}, "parameters.instrument"),
        ({"instrument": "BTC-USD\r\nJOIN #other"}, "parameters.instrument"),
        ({"instrument": {"a": 1}}, "parameters.instrument"),
        ({"instrument": "BTC-USD", "channels": 5}, "parameters.channels"),
        ({"instrument": "BTC-USD", "channels": ["trades", None]}, "parameters.channels"),
        ({"instrument": "BTC-USD", "symbol": "x"}, "parameters.symbol"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_preset(GOOD).connector_fields(given)
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: venue", "name: A Venue!", "preset.name"),
        ("title: A venue", "titel: A venue", "preset"),
        ("form: instrument", "form: symbol", "preset.parameters[0].form"),
        ("<instrument:slash>", "<instrument:slashed>", "preset.connector.subscribe_messages[1].of.pair"),
        ("<instrument:slash>", "<pair>", "preset.connector.subscribe_messages[1].of.pair"),
        ("{name: channels", "{name: unused", "preset.connector.subscribe_messages[0].channels"),
        ("default: [trades, books]", "required: false", "preset.parameters"),
        ("connector:", "connector", "preset"),
    ],
)
def test_a_wrong_file_is_refused_by_its_place(old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(Invalid) as caught:
        parse_preset(GOOD.replace(old, new))
    assert caught.value.field == field


def test_an_unknown_preset_is_named_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="none of binance, coinbase") as caught:
        load_preset("../okx")
    assert caught.value.field == "preset"
