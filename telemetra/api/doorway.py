"""Finds the door of a request. What has none (documents, live, unknown paths and methods) goes to FastAPI's router."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from telemetra.api.door import Door
from telemetra.api.problems import Problems
from telemetra.errors import TelemetraError


class Doorway:
    """The innermost layer. Answers HEAD as GET: the server leaves the body out."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute], problems: Problems) -> None:
        doors = [route for route in routes if isinstance(route, Door)]
        self._app = app
        self._problems = problems
        self._plain = {(method, door.path): door for door in doors for method in door.methods or ()}
        self._patterns = [door for door in doors if door.param_convertors]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._find(scope) if scope["type"] == "http" else None
        if door is None:
            return await self._app(scope, receive, send)
        scope["route"] = door
        try:
            await door.app(scope, receive, send)
        except (TelemetraError, RequestValidationError, HTTPException) as error:
            await self._problems.of_error(scope["path"], error)(scope, receive, send)

    def _find(self, scope: Scope) -> Door | None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        path = scope["path"]
        door = self._plain.get((method, path))
        if door is not None:
            return door
        for door in self._patterns:
            match = door.path_regex.match(path)
            if match is not None and method in (door.methods or ()):
                scope["path_params"] = match.groupdict()
                return door
        return None
