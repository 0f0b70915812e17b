"""Is JSON that the parser accepted also fit for a jsonb column and for every reader after it?

JSON allows what PostgreSQL's jsonb refuses (`\\u0000`, numbers of any size) or expands (1e100000 becomes 100,000
digits), and the parser does not look at UTF-8 in parts that it only skips. `is_plain` proves for a whole request at
the speed of memory that nothing of the kind is in it; only where it cannot, `check_data` looks at each event.
"""

from __future__ import annotations

import math
import re

from telemetra.formats import problems

DEPTH_MAX = 64
"""Objects and arrays within each other, the outermost included."""
NUMBER_CHARACTERS_MAX = 400

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'  # matches an unterminated string too, so that a scan stays linear
_NUMBER = re.compile(_STRING + rb"|(-?[0-9][0-9.eE+-]*+)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u....|.)", re.DOTALL)
_ESCAPED_MARK = re.compile(rb'\\["\\]')
_FEW_ESCAPES = 1 / 200  # of the bytes
_NO_BRACKET_OR_QUOTE = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_DIGITS = bytes(ord("0") if byte in b"0123456789+-" else ord("e") if byte in b"eE" else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 300
_BEFORE_NUMBER = b" \t\r\n:,["

Problem = tuple[str, str]
"""A code of `problems` and what is wrong."""
NO_OBJECT: Problem = (problems.INVALID_FIELD, "must be an object")


def is_plain(body: bytes) -> bool:
    """True proves that no event in `body` (valid JSON, or lines of it) needs `check_data`; False proves nothing."""
    return _is_plain_text(body) and _has_plain_numbers(body) and _is_shallow(body)


def check_data(raw: bytes) -> Problem | None:
    """Why this JSON value, which the parser accepted, cannot be stored as the data of an event; None if it can.

    It must be an object, UTF-8, without NUL and lone surrogates, at most 64 levels deep, and its numbers must be
    finite as doubles and at most 400 characters long, with exponents of at least -400.
    """
    if not raw.lstrip().startswith(b"{"):
        return NO_OBJECT
    if is_plain(raw):
        return None
    return _check_text(raw) or _check_depth(raw) or _check_numbers(raw)


def _is_plain_text(body: bytes) -> bool:
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
    # The parser itself refuses lone surrogates (msgspec 0.22; pinned by a test).
    return b"\\" not in body or b"\\u0000" not in body


def _has_plain_numbers(body: bytes) -> bool:
    """No number outside strings with 300 digits in a row or an exponent of three characters."""
    digits = body.translate(_DIGITS)
    if _LONG_NUMBER in digits:
        return False
    at = digits.rfind(b"0e000")  # half the time of a search forwards
    while at >= 0:
        before = body[max(0, at - 40) : at + 1].rstrip(b"0123456789.+-")
        if not before or before[-1] in _BEFORE_NUMBER:
            return False
        at = digits.rfind(b"0e000", 0, at + 4)
    return True


def _is_shallow(body: bytes) -> bool:
    brackets = _structure(body)
    if len(brackets) <= DEPTH_MAX:
        return True
    for _ in range(DEPTH_MAX // 2):  # one round removes one level or two
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return True
    return False


def _structure(raw: bytes) -> bytes:
    """The brackets of valid JSON that stand outside its strings."""
    escapes = raw.count(b"\\")
    if escapes > len(raw) * _FEW_ESCAPES:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    elif escapes:  # a tenth of the time of the two searches, where there is little to replace
        raw = _ESCAPED_MARK.sub(b"", raw)
    # Two quotes next to each other leave what follows inside or outside of strings as it was.
    marks = raw.translate(None, _NO_BRACKET_OR_QUOTE).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2])


def _check_text(raw: bytes) -> Problem | None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return problems.INVALID_TEXT, f"byte {error.start} is not UTF-8"
    if b"\\u0000" in _ESCAPE.findall(raw):
        return problems.INVALID_TEXT, "NUL (\\u0000) cannot be stored"
    return None


def _check_depth(raw: bytes) -> Problem | None:
    depth = 0
    for bracket in _structure(raw):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            return problems.TOO_DEEP, f"nested deeper than {DEPTH_MAX} levels"
    return None


def _check_numbers(raw: bytes) -> Problem | None:
    for match in _NUMBER.finditer(raw):
        number = match[1]
        if number is not None and not _is_storable(number):
            shown = number[:24].decode() + ("…" if len(number) > 24 else "")
            return problems.NUMBER_OUT_OF_RANGE, f"the number {shown} cannot be stored"
    return None


def _is_storable(number: bytes) -> bool:
    if len(number) > NUMBER_CHARACTERS_MAX:
        return False
    _, _, exponent = number.lower().partition(b"e")
    return (not exponent or int(exponent) >= -400) and math.isfinite(float(number))
