"""Finds the door of a request. What has none (documents, live, unknown paths and methods) goes to FastAPI's router."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from telemetra.api.door import Door
from telemetra.api.problems import Problems
from telemetra.errors import TelemetraError

REMEMBERED = 4096
REMEMBERED_CHARACTERS = 256


class Doorway:
    """The innermost layer. Answers HEAD as GET: the server leaves the body out."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute], problems: Problems) -> None:
        doors = [route for route in routes if isinstance(route, Door)]
        self._app = app
        self._problems = problems
        self._doors = doors
        self._plain = {(method, door.path): door for door in doors for method in door.methods or ()}
        self._plain_paths = {path for _, path in self._plain}
        self._patterns = [door for door in doors if door.param_convertors]
        self._remembered = functools.lru_cache(maxsize=REMEMBERED)(self._find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = None
        if scope["type"] == "http":
            path = scope["path"]
            find = self._remembered if len(path) <= REMEMBERED_CHARACTERS else self._find
            door, path_values = find("GET" if scope["method"] == "HEAD" else scope["method"], path)
            if door is None and (allowed := self._allowed(path)):
                error = HTTPException(405, headers={"Allow": ", ".join(allowed)})
                await self._problems.of_error(path, error)(scope, receive, send)
                return
        if door is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = door
        try:
            response = await door.answer(Request(scope, receive, send), path_values)
        except (TelemetraError, RequestValidationError, HTTPException) as error:
            response = self._problems.of_error(path, error)
        await response(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[Door | None, tuple[str, ...]]:
        """The door and the values of its path parameters, in their order."""
        door = self._plain.get((method, path))
        if door is not None:
            return door, ()
        if path in self._plain_paths:  # `/connectors/test` is no connector
            return None, ()
        for door in self._patterns:
            match = door.path_regex.match(path)
            if match is not None and method in (door.methods or ()):
                return door, match.groups()
        return None, ()

    def _allowed(self, path: str) -> list[str]:
        """The methods of all doors of a path: FastAPI's router would name those of the first one alone."""
        fitting = [door for door in self._doors if door.path == path]
        fitting = fitting or [door for door in self._doors if door.path_regex.match(path)]
        return sorted({method for door in fitting for method in door.methods or ()})
