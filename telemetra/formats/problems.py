"""Why an event was refused: the stable codes of the API, in one place, and the refusal of one event."""

from __future__ import annotations

from typing import Final

import msgspec

INVALID_JSON: Final = "invalid_json"
"""The text is no JSON."""
INVALID_LINE: Final = "invalid_line"
"""A line or record of a file that does not have the form of its format."""
INVALID_EVENT: Final = "invalid_event"
"""JSON, but no object."""
MISSING_FIELD: Final = "missing_field"
INVALID_FIELD: Final = "invalid_field"
"""A field has the wrong type, length or characters."""
INVALID_TIMESTAMP: Final = "invalid_timestamp"
TIMESTAMP_IN_FUTURE: Final = "timestamp_in_future"
INVALID_TEXT: Final = "invalid_text"
"""NUL, a lone surrogate, or bytes that are no UTF-8."""
NUMBER_OUT_OF_RANGE: Final = "number_out_of_range"
TOO_DEEP: Final = "too_deep"
TOO_LARGE: Final = "too_large"
UNKNOWN_TYPE: Final = "unknown_type"
WORKSPACE_FORBIDDEN: Final = "workspace_forbidden"
UNSUPPORTED_SPECVERSION: Final = "unsupported_specversion"
UNSUPPORTED_DATA: Final = "unsupported_data"
"""CloudEvents data that is no JSON."""


class FormatError(msgspec.Struct, gc=False):
    """One event that could not be read; its index is its place in the answer of the parser.

    `detail` begins with the field where there is one. `raw` is the event as it was sent. `source` and
    `correlation_id` are the event's own where they could be read.
    """

    code: str
    detail: str
    field: str | None
    raw: bytes
    source: str = "api"
    correlation_id: str | None = None


class LineError(msgspec.Struct, gc=False):
    """One line or record of a file that could not be read. Lines (or records) are numbered from 1."""

    line: int
    code: str
    detail: str
