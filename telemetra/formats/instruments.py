"""One name for one instrument, whatever the venue writes: BTCUSDT, btc/usdt, BTC_USDT and XBT/USDT are BTC-USDT.

A name without a separator is parted by the table of quote assets, never by its length. Where several quotes fit, the
one that leaves a well-known base wins (BNBUSD is BNB-USD, not BN-BUSD), else the longest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 100
"""Characters of an instrument's name."""

_QUOTES: Final = """
    USDT USDC BUSD FDUSD TUSD USDP PAX DAI USDS UST USTC PYUSD USDE USD1 GUSD LUSD SUSD RLUSD EURC EURI EURT AEUR XUSD
    BTC ETH BNB SOL XRP TRX DOGE DOT OKB KCS HT BIDR IDRT BVND VAI BFUSD USDQ USDR
    USD EUR GBP JPY AUD CAD CHF CNY CNH HKD SGD KRW INR IDR BRL TRY RUB UAH NGN ZAR MXN ARS COP PLN CZK RON SEK NOK DKK
    AED SAR THB PHP VND MYR TWD NZD ILS KZT CLP PEN
    """
_KNOWN: Final = """
    ADA AVAX LINK LTC BCH XLM ATOM UNI ETC FIL APT ARB OP NEAR ICP INJ SUI SEI TIA SHIB PEPE WIF BONK FLOKI AAVE MKR
    COMP CRV SNX YFI SUSHI GRT ALGO VET HBAR EOS XTZ XMR ZEC DASH NEO IOTA QTUM THETA FTM SAND MANA AXS GALA CHZ ENJ
    MATIC POL KSM WAVES LRC NKN BLZ RUNE OMG OCEAN SC BAT ZRX KNC TON LDO RNDR RENDER STX IMX TAO WLD JUP PYTH ONDO ENA
    LUNA LUNC 1INCH APE FLOW EGLD MINA ROSE KAVA CAKE DYDX GMX TRUMP HYPE
    """
QUOTES: Final = frozenset(_QUOTES.split())
_BASES: Final = QUOTES | frozenset(_KNOWN.split())
_ALIASES: Final = {"XBT": "BTC", "XDG": "DOGE"}
_LONGEST_QUOTE = max(map(len, QUOTES))
_SEPARATORS = re.compile(r"[-/_:]")
_KRAKEN = re.compile(r"[XZ]([A-Z]{3})[XZ]([A-Z]{3})")  # XXBTZUSD


@lru_cache(maxsize=20_000)
def canonical(name: str) -> str:
    """The one name of an instrument, upper case: BASE-QUOTE, and what follows (BTC-USDT-SWAP) as it is."""
    text = name.strip().upper()
    if len(text) > LONGEST:
        return text
    parts = [bare for part in _SEPARATORS.split(text) if (bare := part.strip())]
    if len(parts) > 1 and "-" not in text and parts[0] not in _BASES and parts[1] not in QUOTES:
        parts[:1] = _split(parts[0])  # BTCUSDT_240628
    elif len(parts) == 1:
        parts = _split(parts[0])
    elif len(parts) > 2 and "_" in text and "-" in text:
        return text  # a spread of two instruments: ETH-USD-SWAP_ETH-USD-231229
    return "-".join(_ALIASES.get(part, part) for part in parts)


def _split(text: str) -> list[str]:
    """BASE and QUOTE; the text alone where no quote asset is at its end."""
    fitting = [text[-size:] for size in range(_LONGEST_QUOTE, 1, -1) if text[-size:] in QUOTES and len(text) > size]
    for quote in fitting:
        base = text[: -len(quote)].rstrip()
        if base in _BASES or base in _ALIASES:
            return [base, quote]
    kraken = _KRAKEN.fullmatch(text)
    if kraken and (kraken[2] in QUOTES or kraken[2] in _ALIASES):
        return [kraken[1], kraken[2]]
    if fitting:
        return [text[: -len(fitting[0])].rstrip(), fitting[0]]
    for alias in _ALIASES:
        if text.endswith(alias) and len(text) > len(alias):
            return [text[: -len(alias)].rstrip(), alias]
    return [text]
