"""Cutting a JSON array into its elements without parsing them: for arrays that the parser refuses as a whole."""

from __future__ import annotations

import re

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems

_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]+|[\]}]+|,', re.DOTALL)
_MARKS_MAX = 1_000_000
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_RAW = msgspec.json.Decoder(msgspec.Raw)


def split_array(body: bytes) -> list[bytes]:
    """The elements of a JSON array as they were sent, whatever their depth; they are not checked.

    Raises `Invalid` (`invalid_json`) if the brackets do not form one array, or there are over a million marks in it.
    """
    elements: list[bytes] = []
    depth = 0
    start = 0
    for count, match in enumerate(_MARK.finditer(body)):
        mark = match[0]
        if count > _MARKS_MAX:
            raise Invalid("the document is too complex", code=problems.INVALID_JSON)
        if mark[0] in b"[{":
            if not depth:
                start = match.start() + 1
            depth += len(mark)
        elif mark == b"," and depth == 1:
            elements.append(body[start : match.start()].strip())
            start = match.end()
        elif mark[0] in b"]}":
            depth -= len(mark)
            if depth <= 0:
                elements.append(body[start : match.end() - 1].strip())
                break
    if depth or body[match.end() :].strip():
        raise Invalid("brackets do not match", code=problems.INVALID_JSON)
    return elements


def has_lone_surrogate(raw: bytes) -> bool:
    """True if an escape such as \\ud800 without its other half is all that makes `raw` invalid JSON."""
    repaired, count = _ESCAPE.subn(_replace_lone, raw)
    if not count or repaired == raw:
        return False
    try:
        _RAW.decode(repaired)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _replace_lone(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[1] else match[0]
