"""Routes about what feeds brought: messages saved by browsers, pages of messages, the database, the live push."""

from __future__ import annotations

from typing import Annotated

import fastapi
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import JSON, documented, json_answer
from telemetra.api.connector_document import body_of
from telemetra.api.connector_parameters import MessagePageQuery, MessagesQuery
from telemetra.api.json_body import JsonBodies
from telemetra.errors import Invalid
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.operations import feeds, postgres
from telemetra.operations.connector_models import (
    MessageCount,
    PostgresStatus,
    RealtimeTest,
    Saved,
    WebsocketData,
)
from telemetra.operations.feed_pages import FeedPages
from telemetra.operations.feeds import SavedBatch, SavedMessage
from telemetra.operations.services import Services

_SAVED = "What is accepted is durable; what is not is kept as a dead letter."


def add_feed_routes(app: FastAPI, services: Services, pages: FeedPages) -> None:
    bodies = JsonBodies(services.settings.intake_max_body_bytes)

    @app.post(
        "/api/websocket/save",
        tags=["feeds"],
        summary="Save a message",
        openapi_extra={"requestBody": body_of(SavedMessage)},
        responses=documented(Saved, _SAVED, problems_too=(400, 408, 413, 415, 422, 429, 503)),
    )
    async def save_message(request: Request) -> Response:
        """For feeds that a browser receives by itself: an event `connector.message` in a session `ws-browser…`."""
        message = await bodies.read(request, SavedMessage)
        saved = await feeds.save(services, DEFAULT_WORKSPACE, [message], message.session_id)
        if saved.rejected:
            raise Invalid(saved.rejected[0].detail, code=saved.rejected[0].code)
        return json_answer(saved)

    @app.post(
        "/api/websocket/save-batch",
        tags=["feeds"],
        summary="Save many messages",
        openapi_extra={"requestBody": body_of(SavedBatch)},
        responses=documented(Saved, _SAVED, problems_too=(400, 408, 413, 415, 422, 429, 503)),
    )
    async def save_messages(request: Request) -> Response:
        """Up to 1,000 messages of one session."""
        batch = await bodies.read(request, SavedBatch)
        return json_answer(await feeds.save(services, DEFAULT_WORKSPACE, batch.messages, batch.session_id))

    @app.get(
        "/api/websocket/data",
        tags=["feeds"],
        summary="WebSocket messages",
        responses=documented(WebsocketData, "Newest first by their own time.", problems_too=(422, 503)),
    )
    async def list_messages(request: Request, query: Annotated[MessagePageQuery, fastapi.Query()]) -> Response:
        """What came over WebSockets, to connectors or to browsers that saved it."""
        body = await pages.of_websockets(
            DEFAULT_WORKSPACE, query.exchange, query.instrument, limit=query.limit, skip=query.skip
        )
        return Response(body, media_type=JSON)

    @app.get(
        "/api/websocket/data/count",
        tags=["feeds"],
        summary="Count WebSocket messages",
        responses=documented(MessageCount, "How many there are.", problems_too=(422, 503)),
    )
    async def count_messages(request: Request, query: Annotated[MessagesQuery, fastapi.Query()]) -> Response:
        """Those that `GET /api/websocket/data` pages through."""
        return json_answer(await pages.count_websockets(DEFAULT_WORKSPACE, query.exchange, query.instrument))

    @app.get(
        "/api/postgres/status",
        tags=["health"],
        summary="The database",
        responses=documented(PostgresStatus, "It answers.", problems_too=(503,)),
    )
    async def postgres_status(request: Request) -> Response:
        """Version, size and connections of PostgreSQL; 503 when it does not answer."""
        return json_answer(await postgres.status(services))

    @app.post(
        "/api/realtime/test",
        tags=["feeds"],
        summary="Send a test message",
        responses=documented(RealtimeTest, "It is on its way."),
    )
    async def send_test(request: Request) -> Response:
        """A `data_update` with `message_type` `test` to every client of `/api/realtime`; nothing is stored."""
        return json_answer(feeds.broadcast_test(services))
