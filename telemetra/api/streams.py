"""Routes about streams: each validates, asks one operation and hands its answer on."""

from __future__ import annotations

from typing import Annotated

import fastapi
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import documented, json_answer, unless_known
from telemetra.api.parameters import EventsQuery, MetricsQuery, MomentsQuery, StreamId, StreamLedgerQuery, StreamsQuery
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.operations import events, ledger, metrics, moments, streams
from telemetra.operations.models import Moment, StoredEvent, Stream, StreamLedger, StreamMetrics
from telemetra.operations.services import Services


def add_stream_routes(app: FastAPI, services: Services) -> None:
    """The routes that are asked most stand first: routes are tried in order."""

    @app.get(
        "/api/v1/streams/{stream_id}/metrics",
        tags=["streams"],
        summary="Minutes of a stream",
        responses=documented(list[StreamMetrics], "Newest first.", problems_too=(404, 422, 503), cached=True),
    )
    async def list_metrics(
        request: Request, stream_id: StreamId, query: Annotated[MetricsQuery, fastapi.Query()]
    ) -> Response:
        """One row per minute that held an event; `[]` for a stream that has none yet."""
        body = await metrics.list_metrics(
            services, DEFAULT_WORKSPACE, stream_id, limit=query.limit, start=query.start_time, end=query.end_time
        )
        return unless_known(request, body)

    @app.get(
        "/api/v1/streams",
        tags=["streams"],
        summary="Streams",
        responses=documented(
            list[Stream], "Live streams first, then the newest start.", problems_too=(422, 503), cached=True
        ),
    )
    async def list_streams(request: Request, query: Annotated[StreamsQuery, fastapi.Query()]) -> Response:
        """All streams of the workspace with their state and current viewers."""
        body = await streams.list_streams(
            services, DEFAULT_WORKSPACE, limit=query.limit, offset=query.offset, kind=query.kind, live=query.live
        )
        return unless_known(request, body)

    @app.get(
        "/api/v1/streams/{stream_id}/moments",
        tags=["streams"],
        summary="Moments of a stream",
        responses=documented(list[Moment], "Newest first.", problems_too=(422, 503), cached=True),
    )
    async def list_moments(
        request: Request, stream_id: StreamId, query: Annotated[MomentsQuery, fastapi.Query()]
    ) -> Response:
        """What was unusual, with its evidence; `[]` also for an unknown stream."""
        body = await moments.list_moments(
            services,
            DEFAULT_WORKSPACE,
            stream_id,
            limit=query.limit,
            moment_type=query.moment_type,
            start=query.start_time,
            end=query.end_time,
        )
        return unless_known(request, body)

    @app.get(
        "/api/v1/streams/{stream_id}",
        tags=["streams"],
        summary="One stream",
        responses=documented(Stream, "The stream.", problems_too=(404, 422, 503), cached=True),
    )
    async def get_stream(request: Request, stream_id: StreamId) -> Response:
        return unless_known(request, await streams.get_stream(services, DEFAULT_WORKSPACE, stream_id))

    @app.get(
        "/api/v1/streams/{stream_id}/events",
        tags=["streams"],
        summary="Raw events of a stream",
        responses=documented(list[StoredEvent], "Newest first, by event time.", problems_too=(422, 503)),
    )
    async def list_events(
        request: Request, stream_id: StreamId, query: Annotated[EventsQuery, fastapi.Query()]
    ) -> Response:
        """The archive, page by page: `before` takes a time, or the `position` of the last event of a page."""
        page = await events.list_events(
            services, DEFAULT_WORKSPACE, stream_id, limit=query.limit, before=query.before, event_type=query.type
        )
        return json_answer(page)

    @app.get(
        "/api/v1/streams/{stream_id}/ledger",
        tags=["streams"],
        summary="What was not counted of a stream",
        responses=documented(
            StreamLedger, "Duplicate and late events, newest minute of arrival first.", problems_too=(404, 422, 503)
        ),
    )
    async def get_stream_ledger(
        request: Request, stream_id: StreamId, query: Annotated[StreamLedgerQuery, fastapi.Query()]
    ) -> Response:
        """Only minutes of arrival in which something was late or a duplicate; the ledger by source has the rest."""
        return json_answer(
            await ledger.get_stream_ledger(
                services,
                DEFAULT_WORKSPACE,
                stream_id,
                limit=query.limit,
                start=query.start_time,
                end=query.end_time,
            )
        )
