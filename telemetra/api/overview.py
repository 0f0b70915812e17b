"""Routes for pages that show streams of any kind: what the kinds are, and the list with what it shows of each."""

from __future__ import annotations

import functools
from typing import Annotated

import fastapi
import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import documented, unless_known
from telemetra.api.parameters import StreamsQuery
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.operations import kinds, overview
from telemetra.operations.kinds import KindDeclaration
from telemetra.operations.overview import StreamOverview
from telemetra.operations.services import Services


def add_overview_routes(app: FastAPI, services: Services) -> None:
    @functools.cache
    def declarations() -> bytes:
        return msgspec.json.encode(kinds.list_kinds(services))

    @app.get(
        "/api/v1/kinds",
        tags=["streams"],
        summary="Kinds of streams",
        responses=documented(list[KindDeclaration], "As this process knows them.", cached=True),
    )
    async def list_kinds(request: Request) -> Response:
        """What a minute of each kind holds, how to show it, and which moments its series raise."""
        return unless_known(request, declarations())

    @app.get(
        "/api/v1/overview",
        tags=["streams"],
        summary="Streams at a glance",
        responses=documented(
            list[StreamOverview], "Live streams first, then the newest start.", problems_too=(422, 503), cached=True
        ),
    )
    async def list_overview(request: Request, query: Annotated[StreamsQuery, fastapi.Query()]) -> Response:
        """The streams, each with its newest minute, the line of its last 30 minutes and its last moment.

        `/ws/live` then says what changes.
        """
        body = await overview.list_overview(
            services, DEFAULT_WORKSPACE, limit=query.limit, offset=query.offset, kind=query.kind, live=query.live
        )
        return unless_known(request, body)
