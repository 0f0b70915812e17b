"""Errors that carry the decision: callers branch on the type, never on the text.

TelemetraError
 +-- Invalid            the caller's input is wrong; says the field            -> 4xx, exit 2
 |    +-- EgressRefused      a request to where none may go
 |    +-- InvalidFields      several fields are, each with its reason
 +-- NotFound           no such thing                                          -> 404
 +-- Unavailable        try again after `retry_after_seconds`                  -> 503
 |    +-- LogUnavailable     the items may not be durable
 |    +-- Overloaded         more is waiting than may wait                     -> 429
 |    +-- HandshakeRefused   a WebSocket server answered with an HTTP status
 +-- Fenced             another owner has taken over; drop memory and rebuild
 +-- Unreadable         what is stored encrypted cannot be decrypted
 +-- OffsetOutOfRange   the log no longer holds this offset
 +-- Fatal              cannot start or go on; one clear line for a person      -> exit 1
"""

from __future__ import annotations

from collections.abc import Sequence


class TelemetraError(Exception):
    """Base of all errors that Telemetra raises on purpose. `code` is stable and machine-readable."""

    code = "error"


class Invalid(TelemetraError):
    """The input is wrong. `field` names the field, `code` the reason."""

    def __init__(self, detail: str, *, code: str = "invalid", field: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field


class EgressRefused(Invalid):
    """A request to where none may go, by the URL itself, by where its host leads, or by a redirect.

    `reason` is one of few words (scheme, credentials, spelling, header, loopback, private, metadata …) and a metric's
    label.
    """

    def __init__(self, detail: str, *, reason: str, field: str = "api_url") -> None:
        super().__init__(detail, code="egress_refused", field=field)
        self.reason = reason


class InvalidFields(Invalid):
    """Several fields are wrong: `errors` has an `Invalid` for each."""

    def __init__(self, errors: Sequence[Invalid]) -> None:
        super().__init__("; ".join(map(str, errors)), code="validation_failed")
        self.errors = tuple(errors)


class NotFound(TelemetraError):
    code = "not_found"


class Unavailable(TelemetraError):
    """Cannot be done now; `retry_after_seconds` says when to try again."""

    code = "unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class LogUnavailable(Unavailable):
    code = "log_unavailable"


class Overloaded(Unavailable):
    code = "overloaded"


class HandshakeRefused(Unavailable):
    """The other side answered a WebSocket handshake with the HTTP status `status`; 401 and 403 will not change."""

    code = "handshake_refused"

    def __init__(self, detail: str, *, status: int, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)
        self.status = status


class Fenced(TelemetraError):
    code = "fenced"


class Unreadable(TelemetraError):
    """A stored secret cannot be decrypted: its key is not there, or it was changed. `key_id` is the id it names."""

    code = "unreadable"

    def __init__(self, detail: str, *, key_id: str) -> None:
        super().__init__(detail)
        self.key_id = key_id


class OffsetOutOfRange(TelemetraError):
    code = "offset_out_of_range"


class Fatal(TelemetraError):
    code = "fatal"
