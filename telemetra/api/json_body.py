"""Requests that carry one JSON document: read within bounds, and refused by the field that is wrong."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from telemetra.api.body import BodyReader
from telemetra.errors import Invalid

T = TypeVar("T")

MAX_BODY_BYTES = 64 * 1024
_MAX_TOTAL_BYTES = 16 * 1024 * 1024
_NUL = b"\\u0000"


class JsonBodies:
    """Reads documents into a type; `max_body_bytes` is enough for settings and the like."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._reader = BodyReader(max_body_bytes, max(_MAX_TOTAL_BYTES, 2 * max_body_bytes))

    async def read(self, request: Request, wanted: type[T]) -> T:
        """Raises `Invalid`: `unsupported_media_type`, `invalid_json`, `invalid_body` naming the field; and what
        `BodyReader.read` raises."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Invalid("Send application/json.", code="unsupported_media_type")
        body = await self._reader.read(request)
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("The body is no JSON document.", code="invalid_json") from None
        if _NUL in body:
            raise Invalid("Text must not hold a NUL character.", code="invalid_body")
        try:
            return msgspec.json.decode(body, type=wanted)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None


def _invalid(error: msgspec.ValidationError) -> Invalid:
    """msgspec says the place at the end: ``Expected `str`, got `int` - at `$.stream_id` ``."""
    detail, _, place = str(error).partition(" - at `$.")
    return Invalid(detail, code="invalid_body", field=place.rstrip("`") or None)
