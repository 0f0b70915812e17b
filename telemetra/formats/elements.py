"""Cutting a JSON array into its elements without parsing them: for arrays that the parser refuses as a whole, and for
files that are too large for it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems

_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]+|[\]}]+|,|"', re.DOTALL)
_MARKS_MAX = 1_000_000
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_RAW = msgspec.json.Decoder(msgspec.Raw)


def split_array(body: bytes) -> list[bytes]:
    """The elements of a JSON array as they were sent, whatever their depth; they are not checked.

    Raises `Invalid` (`invalid_json`) if the array does not end, or there are over a million marks in it.
    """
    return list(cut_elements([body.lstrip()[1:]], len(body), _MARKS_MAX))


def cut_elements(chunks: Iterable[bytes], element_bytes_max: int, marks_max: float = math.inf) -> Iterator[bytes]:
    """The elements of a JSON array that comes in chunks and whose opening bracket is already read.

    What follows the array is not looked at. Holds one element and one chunk. Raises `Invalid`: `invalid_json` if the
    array does not end or has more than `marks_max` strings, commas and runs of brackets, `too_large` if one element is.
    """
    pending = b""
    depth = marks = scanned = 0
    for chunk in chunks:
        pending += chunk
        start = 0
        for match in _MARK.finditer(pending, scanned):
            mark = match[0]
            marks += 1
            scanned = match.end()
            if marks > marks_max:
                raise Invalid("the document is too complex", code=problems.INVALID_JSON)
            if mark == b'"':  # a string that goes on in the next chunk
                scanned -= 1
                break
            if mark[0] in b"[{":
                depth += len(mark)
            elif mark[0] in b"]}":
                depth -= len(mark)
                if depth < 0:
                    last = pending[start : match.end() + depth].strip()
                    if last:
                        yield last
                    return
            elif mark == b"," and not depth:
                yield pending[start : match.start()].strip()
                start = match.end()
        else:
            scanned = len(pending)
        pending = pending[start:]
        scanned -= start
        if len(pending) > element_bytes_max:
            raise Invalid(f"larger than {element_bytes_max} bytes", code=problems.TOO_LARGE)
    raise Invalid("the array does not end", code=problems.INVALID_JSON)


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
