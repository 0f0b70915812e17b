"""The one shape of every error that REST answers: `application/problem+json` (RFC 9457) with the seeds' fields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from telemetra.clock import Clock
from telemetra.errors import Invalid, InvalidFields, NotFound, Overloaded, TelemetraError, Unavailable, Unreadable
from telemetra.model.times import to_datetime
from telemetra.observability import current_correlation_id
from telemetra.operations.models import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
VALIDATION_FAILED = "validation_failed"
INTERNAL_ERROR = "internal_error"

STATUS_OF_CODE = {
    "invalid_json": 400,
    "invalid_encoding": 400,
    "forbidden_host": 403,
    "forbidden_origin": 403,
    "already_redriven": 409,
    "still_refused": 409,
    "body_too_large": 413,
    "too_many_events": 413,
    "unsupported_media_type": 415,
}
"""The codes of `Invalid` that are more than a wrong value (422)."""

_encode = msgspec.json.Encoder().encode


class Problems:
    """Makes problem responses: one per application, as a problem says when it happened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def install(self, app: FastAPI) -> None:
        """Answer every expected error of the application in this shape. The unexpected: observe.py."""
        for expected in (TelemetraError, RequestValidationError, HTTPException):
            app.add_exception_handler(expected, self._handle)

    def response(
        self,
        path: str,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] | None = None,
    ) -> Response:
        title = HTTPStatus(status).phrase
        problem = Problem(
            type="about:blank",
            title=title,
            status=status,
            detail=detail,
            error=title,
            error_code=code,
            timestamp=to_datetime(self._clock()),
            path=path,
            correlation_id=current_correlation_id(),
            errors=list(errors) if errors is not None else msgspec.UNSET,
        )
        return Response(_encode(problem), status, headers, MEDIA_TYPE)

    def of_error(self, path: str, error: TelemetraError | RequestValidationError | HTTPException) -> Response:
        """The answer to an error that was to be expected."""
        match error:
            case Unavailable():
                status = 429 if isinstance(error, Overloaded) else 503
                headers = {"Retry-After": str(max(1, math.ceil(error.retry_after_seconds)))}
                return self.response(path, status, error.code, str(error), headers=headers)
            case Invalid():
                wrong = error.errors if isinstance(error, InvalidFields) else (error,)
                errors = [FieldError(each.field, each.code, str(each)) for each in wrong if each.field is not None]
                return self.response(
                    path, STATUS_OF_CODE.get(error.code, 422), error.code, str(error), errors=errors or None
                )
            case NotFound():
                return self.response(path, 404, error.code, str(error))
            case Unreadable():
                return self.response(path, 500, error.code, str(error))
            case RequestValidationError():
                return self._of_validation(path, error)
            case HTTPException():
                phrase = HTTPStatus(error.status_code).phrase
                code = phrase.lower().replace(" ", "_")
                return self.response(path, error.status_code, code, f"{phrase}.", headers=error.headers)
            case _:
                return self.response(path, 500, INTERNAL_ERROR, "The server could not answer this request.")

    def _of_validation(self, path: str, error: RequestValidationError) -> Response:
        errors = [FieldError(_place(item["loc"]), item["type"], item["msg"]) for item in error.errors()]
        detail = "; ".join(f"{item.field}: {item.detail}" for item in errors)
        code = errors[0].code if len(errors) == 1 and errors[0].code == "not_yet" else VALIDATION_FAILED
        return self.response(path, 422, code, detail, errors=errors)

    async def _handle(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, TelemetraError | RequestValidationError | HTTPException)
        return self.of_error(request.scope["path"], error)


def _place(location: Sequence[Any]) -> str:
    """`("query", "limit")` is `limit`."""
    return ".".join(str(part) for part in location if part not in ("query", "path", "body")) or "request"
