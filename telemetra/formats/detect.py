"""Which format a recorded feed has, told from its first lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from telemetra.errors import Invalid


class Format(StrEnum):
    """The formats of recorded feeds; `auto` means to look."""

    auto = "auto"
    csv = "csv"
    vod = "vod"
    irc = "irc"
    ndjson = "ndjson"


_CSV = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[^,]*,[^,]+,[^,]*,")
_IRC = re.compile(rb"(?:@\S+ +)?(?::\S+ +)?(?:[A-Z]{3,}|\d{3})(?: |$)")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def detect_format(lines: Iterable[bytes]) -> Format:
    """The format of the first line that tells; bad lines may stand before it. Lines may be cut off at some length.

    Raises `Invalid` (`unknown_format`).
    """
    for line in lines:
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if text.startswith(b"["):
            return Format.vod
        if text.startswith(b"{"):
            return _kind_of_object(text)
        if _CSV.match(text):
            return Format.csv
        if _IRC.match(text):
            return Format.irc
    raise Invalid("cannot tell the format; name it with --format", code="unknown_format")


def _kind_of_object(text: bytes) -> Format:
    """One event a line, or the beginning of a recorded chat."""
    try:
        return Format.vod if "comments" in _OBJECT.decode(text) else Format.ndjson
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Format.ndjson if b'"type"' in text and b'"comments"' not in text else Format.vod
