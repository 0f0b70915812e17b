"""Optional amounts of market and feed events: given, null and absent are all taken, and wrong ones named."""

from __future__ import annotations

import pytest

from tests.support.engine import REGISTRY


@pytest.mark.parametrize(
    ("event_type", "data", "wrong"),
    [
        ("market.trade", b'{"price":"1.5","size":"2","raw":{"a":1}}', None),
        ("market.trade", b'{"price":1.5,"size":2}', None),
        ("market.trade", b'{"price":"1.5","size":null,"raw":null}', None),
        ("market.trade", b'{"price":"1.5"}', None),
        ("market.trade", b'{"price":"1.5","size":"x"}', "size"),
        ("market.ticker", b'{"last":"1","bid":"0.9","ask":"1.1","volume_24h":"7","raw":"text"}', None),
        ("market.ticker", b'{"last":"1","bid":[]}', "bid"),
        ("connector.message", b'{"payload":{},"price":"1.5"}', None),
        ("connector.message", b'{"payload":null,"price":null}', None),
        ("connector.message", b'{"payload":"text","price":{}}', "price"),
    ],
)
def test_an_optional_amount(event_type: str, data: bytes, wrong: str | None) -> None:
    decoded = REGISTRY.decoders[event_type].decode(data)
    check = REGISTRY.types[event_type].check
    assert check is not None
    problem = check(decoded)
    assert (None if problem is None else problem[0]) == wrong
