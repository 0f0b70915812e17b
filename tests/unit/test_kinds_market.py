"""What an event of a market may say, and what is refused of it."""

from __future__ import annotations

import pytest

from telemetra.kinds.registry import load_registry

REGISTRY = load_registry("USD")


def verdict(type: str, data: str) -> object:
    declared = REGISTRY.types[type]
    assert declared.check is not None
    return declared.check(REGISTRY.decoders[type].decode(data))


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("market.trade", '{"price":"61837.63","size":"0.02","side":"sell","trade_id":"7","raw":{"p":"61837.63"}}'),
        ("market.trade", '{"price":61837.63,"size":null,"raw":"text"}'),
        ("market.trade", '{"price":1}'),
        ("market.ticker", '{"last":"1.5","bid":"1","ask":2,"volume_24h":"3","raw":[1]}'),
        ("market.ticker", '{"last":"1.5","bid":null}'),
        ("connector.message", '{"payload":{"a":1},"price":"1.5"}'),
        ("connector.message", '{"payload":"text","price":null}'),
        ("connector.message", '{"payload":null}'),
    ],
)
def test_taken(type: str, data: str) -> None:
    assert verdict(type, data) is None


@pytest.mark.parametrize(
    ("type", "data", "field"),
    [
        ("market.trade", '{"price":null}', "price"),
        ("market.trade", '{"price":"-1"}', "price"),
        ("market.trade", '{"price":"1","size":"much"}', "size"),
        ("market.ticker", '{"last":"1","ask":true}', "ask"),
        ("connector.message", '{"payload":1,"price":"1e99"}', "price"),
    ],
)
def test_refused_by_the_field(type: str, data: str, field: str) -> None:
    found = verdict(type, data)
    assert isinstance(found, tuple)
    assert found[0] == field
