"""Routes declared for FastAPI and served without its per-request machinery.

FastAPI reads the declaration (the document, the pages made from it); the door validates with the same pydantic types
and calls the endpoint. Measured here: 150 µs for an empty answer through FastAPI's own route; see
benchmarks/cached_reads.py for what is left of that. doorway.py finds the door of a request.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

REMEMBERED = 512
REMEMBERED_BYTES = 512


class Query(BaseModel):
    """Base of the models of query parameters: values stay as declared, unknown parameters are ignored."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True, use_attribute_docstrings=True)


class Door(APIRoute):
    """An endpoint is `async def (request, <path parameters>, query: Annotated[<Query model>, fastapi.Query()])`.

    Path parameters and query are optional; it returns a Response and raises the errors of errors.py. Nothing else of
    FastAPI (dependencies, response models, background tasks) is there to be used.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        hints = typing.get_type_hints(endpoint, include_extras=True)
        self._path_types = {name: TypeAdapter(hints[name]) for name in self.param_convertors}
        self._query_types: dict[str, type[Query]] = {
            name: typing.get_args(hints[name])[0]
            for name in inspect.signature(endpoint).parameters
            if name != "request" and name not in self._path_types
        }
        # Who polls asks the same again and again, and what is read cannot be changed.
        self._remembered = functools.lru_cache(maxsize=REMEMBERED)(self._read)
        self.app = self._serve

    async def answer(self, request: Request, path_values: tuple[str, ...]) -> Response:
        """Raises RequestValidationError, or what the endpoint raises."""
        query = request.scope["query_string"]
        read = self._remembered if len(query) <= REMEMBERED_BYTES else self._read
        response: Response = await self.endpoint(request, **read(path_values, query))
        return response

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way through FastAPI's router."""
        request = Request(scope, receive, send)
        values = tuple(str(scope["path_params"][name]) for name in self._path_types)
        await (await self.answer(request, values))(scope, receive, send)

    def _read(self, path_values: tuple[str, ...], query: bytes) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for (name, adapter), value in zip(self._path_types.items(), path_values, strict=True):
            try:
                arguments[name] = adapter.validate_python(value)
            except ValidationError as error:
                raise RequestValidationError(_located(error, "path", name)) from None
        for name, model in self._query_types.items():
            try:
                arguments[name] = model.model_validate(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))
            except ValidationError as error:
                raise RequestValidationError(_located(error, "query")) from None
        return arguments


def _located(error: ValidationError, *place: str) -> list[dict[str, Any]]:
    return [{**item, "loc": (*place, *item["loc"])} for item in error.errors(include_url=False, include_input=False)]
