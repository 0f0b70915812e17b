"""Amounts of money in event data: exact decimals, given as a JSON number or string."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

MAX_AMOUNT = Decimal(10) ** 12
MAX_DECIMALS = 12

_FORMS = (
    {"type": "integer", "minimum": 0, "maximum": 10**12},
    {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,12})?$"},
)
_SAID = {"description": "0 to 10^12 with at most 12 decimals; other JSON numbers are taken too, and exactly."}

AMOUNT_SCHEMA = msgspec.Meta(extra_json_schema={"anyOf": [*_FORMS], **_SAID})
"""Of a field that is declared as `msgspec.Raw` and read by `parse_amount`."""

OPTIONAL_AMOUNT_SCHEMA = msgspec.Meta(extra_json_schema={"anyOf": [*_FORMS, {"type": "null"}], **_SAID})
"""Of one that may be left out or null (`is_given`)."""

_ABSENT = msgspec.Raw(b"")

AMOUNT_NEEDS = "must be a number or a decimal string from 0 to 10^12 with at most 12 decimals"

_PLAIN = re.compile(rb'"\d{1,12}(?:\.\d{1,12})?"|\d{1,12}(?:\.\d{1,12})?')
_AMOUNT = re.compile(rb'"?(\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,3})?)"?')

# ISO 4217 list one, without test codes; `bits` are Twitch's.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XCD XCG XOF XPD XPF XPT YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset((*_CODES.split(), "bits"))


def absent() -> msgspec.Raw:
    """The default (as a factory) of such a field that may be left out. msgspec takes no `Raw | None`, and a plain
    default cannot be said in a JSON schema. A null stays the bytes `null`."""
    return _ABSENT


def is_given(raw: msgspec.Raw) -> bool:
    """Whether an optional field is there and not null."""
    return bytes(raw) not in {b"", b"null"}


def parse_amount(raw: bytes) -> Decimal | None:
    """The amount in `raw` (JSON text of a number or a string of one): 0..10^12 with at most 12 decimals, else None."""
    match = _AMOUNT.fullmatch(raw)
    if match is None or raw.startswith(b'"') != raw.endswith(b'"'):
        return None
    amount = Decimal(match[1].decode())
    exponent = amount.normalize().as_tuple().exponent
    if amount > MAX_AMOUNT or not isinstance(exponent, int) or -exponent > MAX_DECIMALS:
        return None
    return amount


def is_amount(raw: bytes) -> bool:
    """Whether `parse_amount` takes it: nearly always told without a Decimal."""
    return _PLAIN.fullmatch(raw) is not None or parse_amount(raw) is not None


def scaled_amount(raw: bytes) -> int:
    """A valid amount (`parse_amount`) in units of 10**-12."""
    whole, _, fraction = raw.strip(b'"').partition(b".")
    if whole.isdigit() and len(fraction) <= MAX_DECIMALS and (fraction.isdigit() or not fraction):
        return int(whole + fraction.ljust(MAX_DECIMALS, b"0"))
    amount = parse_amount(raw)
    assert amount is not None
    return int(amount.scaleb(MAX_DECIMALS))
