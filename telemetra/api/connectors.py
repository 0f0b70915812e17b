"""Routes about connectors: declare, change, start, stop, look at, try out."""

from __future__ import annotations

from typing import Annotated, Any

import fastapi
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import JSON, documented, json_answer
from telemetra.api.connector_document import change_body, create_body, test_body
from telemetra.api.connector_parameters import ConnectorDataQuery, ConnectorId, ConnectorsQuery
from telemetra.api.connector_presets import expand_preset, list_presets
from telemetra.api.json_body import JsonBodies
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.operations import connectors
from telemetra.operations.connector_models import (
    Connector,
    ConnectorData,
    ConnectorStatus,
    Deleted,
    PresetInfo,
    ProbeResult,
)
from telemetra.operations.feed_pages import FeedPages
from telemetra.operations.services import Services

_MASKED = "Values of headers, query parameters and credentials are shown as `***`."
_BODY_PROBLEMS = (400, 408, 413, 415, 422, 429, 503)
BODY_MAX_BYTES = 1024 * 1024
"""A declaration may subscribe to hundreds of channels."""
_ONE = "/api/connectors/{connector_id}"


def add_connector_routes(app: FastAPI, services: Services, pages: FeedPages) -> None:
    bodies = JsonBodies(BODY_MAX_BYTES)
    _add_help_routes(app, services, bodies)  # before those with an id: the first route that fits is taken
    _add_declaration_routes(app, services, bodies)
    _add_running_routes(app, services, pages)


def _add_help_routes(app: FastAPI, services: Services, bodies: JsonBodies) -> None:
    @app.get(
        "/api/connectors/presets",
        tags=["connectors"],
        summary="Presets of connectors",
        responses=documented(list[PresetInfo], "The venues that are known."),
    )
    async def presets(request: Request) -> Response:
        """Each is a connector but for its parameters: POST its name as `preset` with `parameters`."""
        return json_answer(list_presets())

    @app.post(
        "/api/connectors/test",
        tags=["connectors"],
        summary="Try out a connector",
        openapi_extra={"requestBody": test_body()},
        responses=documented(ProbeResult, "What one connection brought.", problems_too=(*_BODY_PROBLEMS, 404)),
    )
    async def test(request: Request) -> Response:
        """Connects once, for at most 10 s or until 10 events came, and shows what would be stored; nothing is.

        What goes wrong with the connection is in `error`. With `connector_id` the body's fields are changes to that
        connector, and its masked values stand for the stored ones.
        """
        fields = expand_preset(await bodies.read(request, dict[str, Any]))
        return json_answer(await connectors.test(services, DEFAULT_WORKSPACE, fields))


def _add_declaration_routes(app: FastAPI, services: Services, bodies: JsonBodies) -> None:
    @app.post(
        "/api/connectors",
        tags=["connectors"],
        summary="Create a connector",
        openapi_extra={"requestBody": create_body()},
        responses=documented(Connector, _MASKED, problems_too=_BODY_PROBLEMS),
    )
    async def create(request: Request) -> Response:
        """By all its fields, or by a `preset` with `parameters` (and fields that replace the preset's own).

        It starts at once where `desired_state` is `running`, else with `/start`. Every field that is wrong is named.
        """
        fields = expand_preset(await bodies.read(request, dict[str, Any]))
        return json_answer(await connectors.create(services, DEFAULT_WORKSPACE, fields))

    @app.get(
        "/api/connectors",
        tags=["connectors"],
        summary="Connectors",
        responses=documented(list[Connector], f"Newest first. {_MASKED}", problems_too=(422, 503)),
    )
    async def list_connectors(request: Request, query: Annotated[ConnectorsQuery, fastapi.Query()]) -> Response:
        """All of the workspace."""
        return json_answer(
            await connectors.list_all(services, DEFAULT_WORKSPACE, limit=query.limit, offset=query.offset)
        )

    @app.get(
        _ONE,
        tags=["connectors"],
        summary="A connector",
        responses=documented(Connector, _MASKED, problems_too=(404, 422, 503)),
    )
    async def get(request: Request, connector_id: ConnectorId) -> Response:
        """Its declaration, and whether it runs."""
        return json_answer(await connectors.get(services, DEFAULT_WORKSPACE, connector_id))

    @app.put(
        _ONE,
        tags=["connectors"],
        summary="Change a connector",
        openapi_extra={"requestBody": change_body()},
        responses=documented(Connector, _MASKED, problems_too=(*_BODY_PROBLEMS, 404)),
    )
    async def update(request: Request, connector_id: ConnectorId) -> Response:
        """Fields that are not named stay. A value `***` keeps what is stored, unless the URL's host changes.

        A connector that runs begins anew.
        """
        fields = await bodies.read(request, dict[str, Any])
        return json_answer(await connectors.update(services, DEFAULT_WORKSPACE, connector_id, fields))

    @app.delete(
        _ONE,
        tags=["connectors"],
        summary="Delete a connector",
        responses=documented(Deleted, "It is gone; what it fetched stays.", problems_too=(404, 422, 503)),
    )
    async def delete(request: Request, connector_id: ConnectorId) -> Response:
        """One that runs is stopped."""
        return json_answer(await connectors.delete(services, DEFAULT_WORKSPACE, connector_id))


def _add_running_routes(app: FastAPI, services: Services, pages: FeedPages) -> None:
    @app.post(
        f"{_ONE}/start",
        tags=["connectors"],
        summary="Start a connector",
        responses=documented(Connector, "It is to run; `status` follows.", problems_too=(404, 422, 503)),
    )
    async def start(request: Request, connector_id: ConnectorId) -> Response:
        """What is wanted is stored: it runs again after a restart, until it is stopped or its source refuses it."""
        return json_answer(await connectors.start(services, DEFAULT_WORKSPACE, connector_id))

    @app.post(
        f"{_ONE}/stop",
        tags=["connectors"],
        summary="Stop a connector",
        responses=documented(Connector, "It is to stop; `status` follows.", problems_too=(404, 422, 503)),
    )
    async def stop(request: Request, connector_id: ConnectorId) -> Response:
        """What it has received is handed in before it ends."""
        return json_answer(await connectors.stop(services, DEFAULT_WORKSPACE, connector_id))

    @app.get(
        f"{_ONE}/status",
        tags=["connectors"],
        summary="How a connector runs",
        responses=documented(ConnectorStatus, "As its owner said last.", problems_too=(404, 422, 503)),
    )
    async def status(request: Request, connector_id: ConnectorId) -> Response:
        """State, counts, errors, gaps and measured performance."""
        return json_answer(await connectors.status(services, DEFAULT_WORKSPACE, connector_id))

    @app.get(
        f"{_ONE}/data",
        tags=["connectors"],
        summary="What a connector fetched",
        responses=documented(ConnectorData, "A page of events.", problems_too=(404, 422, 503)),
    )
    async def data(
        request: Request, connector_id: ConnectorId, query: Annotated[ConnectorDataQuery, fastapi.Query()]
    ) -> Response:
        """Newest first, unless asked otherwise."""
        body = await pages.of_connector(
            DEFAULT_WORKSPACE,
            connector_id,
            limit=query.limit,
            skip=query.skip,
            sort_by=query.sort_by,
            order=query.sort_order,
        )
        return Response(body, media_type=JSON)
