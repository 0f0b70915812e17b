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
from telemetra.errors import Invalid, NotFound, Overloaded, TelemetraError, Unavailable
from telemetra.model.times import to_datetime
from telemetra.observability import current_correlation_id
from telemetra.operations.models import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
VALIDATION_FAILED = "validation_failed"

_STATUS_OF_CODE = {
    "invalid_json": 400,
    "invalid_encoding": 400,
    "forbidden_host": 403,
    "forbidden_origin": 403,
    "already_redriven": 409,
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
        app.add_exception_handler(TelemetraError, self._telemetra_error)
        app.add_exception_handler(RequestValidationError, self._invalid_parameters)
        app.add_exception_handler(HTTPException, self._http_error)

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

    def of_error(self, path: str, error: TelemetraError) -> Response:
        if isinstance(error, Unavailable):
            status = 429 if isinstance(error, Overloaded) else 503
            headers = {"Retry-After": str(max(1, math.ceil(error.retry_after_seconds)))}
            return self.response(path, status, error.code, str(error), headers=headers)
        if isinstance(error, Invalid):
            errors = None if error.field is None else [FieldError(error.field, error.code, str(error))]
            return self.response(path, _STATUS_OF_CODE.get(error.code, 422), error.code, str(error), errors=errors)
        if isinstance(error, NotFound):
            return self.response(path, 404, error.code, str(error))
        return self.response(path, 500, "internal_error", "The server could not answer this request.")

    async def _telemetra_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, TelemetraError)
        return self.of_error(request.url.path, error)

    async def _invalid_parameters(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [FieldError(_place(item["loc"]), item["type"], item["msg"]) for item in error.errors()]
        detail = "; ".join(f"{item.field}: {item.detail}" for item in errors)
        code = errors[0].code if len(errors) == 1 and errors[0].code == "not_yet" else VALIDATION_FAILED
        return self.response(request.url.path, 422, code, detail, errors=errors)

    async def _http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_")
        return self.response(request.url.path, error.status_code, code, f"{phrase}.", headers=error.headers)


def _place(location: Sequence[Any]) -> str:
    """`("query", "limit")` is `limit`."""
    return ".".join(str(part) for part in location if part not in ("query", "path", "body")) or "request"
