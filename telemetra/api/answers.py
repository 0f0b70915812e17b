"""What routes answer: encoded bodies, answers that a client may have already, and how both are documented."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api import problems
from telemetra.api.examples import EXAMPLES
from telemetra.api.perimeter import header

JSON = "application/json"
_TAGGED = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
"""A client may keep what has a tag, and asks whether it still holds."""
_RAW_TAGGED = [(name.lower().encode(), value.encode()) for name, value in _TAGGED.items()]

_64_BITS = 2**64 - 1
_encode = msgspec.json.Encoder().encode
_PROBLEM_TEXTS = {
    400: "The request cannot be read.",
    404: "There is no such thing.",
    408: "The body took too long to arrive.",
    409: "This was done already, or what stands in its way is still there.",
    413: "The request is too large.",
    415: "The media type is not supported.",
    422: "A value is not allowed; `errors` says which.",
    429: "Too much is waiting; try again after `Retry-After` seconds.",
    503: "Not possible now; try again after `Retry-After` seconds.",
}


def json_answer(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type=JSON)


def unless_known(request: Request, body: bytes) -> Response:
    """The encoded answer with its tag; 304 without it when the client says that it has it."""
    # The hash is kept in the bytes object, which the cache hands out again and again: a tag costs nothing then.
    # It is another one after a restart, so that a client then fetches once more what it has.
    tag = f'W/"{hash(body) & _64_BITS:016x}"'
    known = header(request.scope, b"if-none-match")
    if known is not None and _lists(known, tag):
        return Response(status_code=304, headers={"ETag": tag, **_TAGGED})
    return Encoded(body, tag)


class Encoded(Response):
    """A JSON answer with a tag, its headers made at once: this is where cached reads go through."""

    def __init__(self, body: bytes, tag: str) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"etag", tag.encode()),
            *_RAW_TAGGED,
        ]


def _lists(known: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag, by weak comparison (RFC 9110, 13.1.2)."""
    strong = tag.removeprefix("W/")
    return known.strip() == "*" or any(part.strip().removeprefix("W/") == strong for part in known.split(","))


def documented(
    model: Any, description: str, *, status: int = 200, problems_too: tuple[int, ...] = (), cached: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers `model`, a Struct or a list of one, and the problems it may answer."""
    answer = {
        "description": description,
        "content": {JSON: {"schema": reference(model), "example": example(model)}},
    }
    responses: dict[int | str, dict[str, Any]] = {status: answer}
    if cached:
        answer["headers"] = {"ETag": {"description": "Tag of this answer.", "schema": {"type": "string"}}}
        responses[304] = {"description": "The client has this answer already (`If-None-Match`)."}
    for problem_status in problems_too:
        responses[problem_status] = problem(_PROBLEM_TEXTS[problem_status])
    return responses


def problem(description: str) -> dict[str, Any]:
    """A documented problem response."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def reference(model: Any) -> dict[str, Any]:
    if typing.get_origin(model) is list:
        return {"type": "array", "items": reference(typing.get_args(model)[0])}
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def example(model: Any) -> Any:
    if typing.get_origin(model) is list:
        return [example(typing.get_args(model)[0])]
    return EXAMPLES[model]
