"""Instruments have one name, whatever the venue writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetra.formats.instruments import QUOTES, canonical


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("BTCUSDT", "BTC-USDT"),
        ("btcusdt", "BTC-USDT"),
        ("BTC-USDT", "BTC-USDT"),
        ("BTC/USDT", "BTC-USDT"),
        ("btc_usdt", "BTC-USDT"),
        ("XBT/USD", "BTC-USD"),
        ("XBTUSD", "BTC-USD"),
        ("XXBTZUSD", "BTC-USD"),
        ("XETHXXBT", "ETH-BTC"),
        ("KSM/XBT", "KSM-BTC"),
        ("XDG/EUR", "DOGE-EUR"),
        ("NKNUSDT", "NKN-USDT"),
        ("BLZETH", "BLZ-ETH"),
        ("RUNEEUR", "RUNE-EUR"),
        ("BTCTUSD", "BTC-TUSD"),
        ("BTCFDUSD", "BTC-FDUSD"),
        ("BNBUSD", "BNB-USD"),  # not BN-BUSD
        ("SHIBUSD", "SHIB-USD"),
        ("USDTTRY", "USDT-TRY"),
        ("1000SATSUSDT", "1000SATS-USDT"),
        ("TUSDT", "T-USDT"),
        ("BTCUSDT_240628", "BTC-USDT-240628"),
        ("0USD_AED", "0USD-AED"),  # it says where it is parted
        ("BTC-USDT-SWAP", "BTC-USDT-SWAP"),
        ("BTC-USD-220527", "BTC-USD-220527"),
        ("BTC-USD-241217-92000-C", "BTC-USD-241217-92000-C"),
        ("ETH-USD-SWAP_ETH-USD-231229", "ETH-USD-SWAP_ETH-USD-231229"),
        ("AAPL", "AAPL"),  # no quote asset: never a dash by length
        ("ABCDEFGH", "ABCDEFGH"),
        ("USDT", "USDT"),
        (" btcusdt ", "BTC-USDT"),
        ("/ btc / usdt", "BTC-USDT"),
        ("0 USD", "0-USD"),
        ("", ""),
    ],
)
def test_one_name(written: str, name: str) -> None:
    assert canonical(written) == name


@given(st.sampled_from(sorted(QUOTES)), st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=6))
def test_every_spelling_of_a_pair_that_separates_is_the_same(quote: str, base: str) -> None:
    names = {canonical(f"{base}{separator}{quote}") for separator in "-/_:"}
    assert len(names) == 1


@given(st.text(max_size=300))
def test_any_text_has_a_name_that_is_its_own_name(text: str) -> None:
    name = canonical(text)
    assert canonical(name) == name
