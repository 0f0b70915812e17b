"""Reading JSON that others wrote: to bytes, to members, to texts as they were written."""

from __future__ import annotations

import msgspec

from telemetra.errors import Invalid
from telemetra.formats import problems

PARSER_ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding foreign bytes may raise (a ValidationError is a DecodeError)."""

Fields = dict[str, msgspec.Raw]

_fields = msgspec.json.Decoder(Fields)
_text = msgspec.json.Decoder(str | int | float | bool | None)


def to_bytes(payload: str | bytes) -> bytes:
    """The message as UTF-8 without surrounding space. Lone surrogates become `?`."""
    return (payload.encode(errors="replace") if isinstance(payload, str) else payload).strip()


def read_fields(raw: bytes | msgspec.Raw) -> Fields:
    """The members of a JSON object, undecoded. Raises `PARSER_ERRORS`."""
    return _fields.decode(raw)


def text_of(fields: Fields, *names: str) -> str | None:
    """The first of these members that is a string or number, as it was written; empty strings count as absent."""
    for name in names:
        raw = fields.get(name)
        if raw is None:
            continue
        shown = bytes(raw)
        if shown[:1] == b'"':
            value = _text.decode(shown)
            if value:
                return str(value)
        elif shown[:1] in b"-0123456789":
            return shown.decode()
    return None


def no_json(error: Exception) -> Invalid:
    """The reason of an unreadable message, without its content."""
    return Invalid(f"no JSON that can be read: {str(error)[:120]}", code=problems.INVALID_JSON)
