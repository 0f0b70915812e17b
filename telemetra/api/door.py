"""Routes declared for FastAPI and served without its per-request machinery.

FastAPI reads the declaration (the document, the pages made from it); the door validates with the same pydantic types
and calls the endpoint. Measured here: 150 µs for an empty answer through FastAPI's own route; see
benchmarks/cached_reads.py for what is left of that. doorway.py finds the door of a request.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Reader = Callable[[Scope], dict[str, Any]]


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
        self.app = _serve(endpoint, set(self.param_convertors))


def _serve(endpoint: Callable[..., Awaitable[Response]], path_names: set[str]) -> ASGIApp:
    hints = typing.get_type_hints(endpoint, include_extras=True)
    parameters = [name for name in inspect.signature(endpoint).parameters if name != "request"]
    readers = [_path_reader(name, TypeAdapter(hints[name])) for name in parameters if name in path_names]
    readers += [_query_reader(name, typing.get_args(hints[name])[0]) for name in parameters if name not in path_names]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        arguments: dict[str, Any] = {}
        for read in readers:
            arguments.update(read(scope))
        response = await endpoint(Request(scope, receive, send), **arguments)
        await response(scope, receive, send)

    return app


def _path_reader(name: str, adapter: TypeAdapter[Any]) -> Reader:
    def read(scope: Scope) -> dict[str, Any]:
        try:
            return {name: adapter.validate_python(scope["path_params"][name])}
        except ValidationError as error:
            raise RequestValidationError(_located(error, "path", name)) from None

    return read


def _query_reader(name: str, model: type[Query]) -> Reader:
    @functools.lru_cache(maxsize=256)  # who polls asks the same again; the models are frozen
    def parse(text: bytes) -> Query:
        return model.model_validate(dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)))

    def read(scope: Scope) -> dict[str, Any]:
        try:
            return {name: parse(scope["query_string"])}
        except ValidationError as error:
            raise RequestValidationError(_located(error, "query")) from None

    return read


def _located(error: ValidationError, *place: str) -> list[dict[str, Any]]:
    return [{**item, "loc": (*place, *item["loc"])} for item in error.errors(include_url=False, include_input=False)]
