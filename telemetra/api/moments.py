"""Routes about how moments are detected, what other settings would have found, and taking them along."""

from __future__ import annotations

from typing import Annotated, Any

import fastapi
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.answers import JSON, documented, example, json_answer, reference
from telemetra.api.door import Query
from telemetra.api.json_body import JsonBodies
from telemetra.api.moment_examples import CHAPTERS_EXAMPLE, CSV_EXAMPLE, EDL_EXAMPLE, OVERRIDES_EXAMPLE
from telemetra.api.parameters import Name, StreamId, Time
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.moments.settings import MomentSettings
from telemetra.operations import moment_settings
from telemetra.operations.backtest_request import Backtests
from telemetra.operations.moment_export import ExportFormat, export_moments
from telemetra.operations.moment_models import Backtest, BacktestRequest, DetectionSettings, ExportedMoment
from telemetra.operations.services import Services

_MEDIA_TYPES = {
    ExportFormat.json: JSON,
    ExportFormat.csv: "text/csv; charset=utf-8",
    ExportFormat.chapters: "text/plain; charset=utf-8",
    ExportFormat.edl: "application/octet-stream",
}
_ENDINGS = {ExportFormat.chapters: "txt"}
_CHANGED = "What holds now; the pipeline takes it up within about a second, from the next hop of ten seconds on."


class ExportQuery(Query):
    format: ExportFormat = ExportFormat.json
    """`json`; `csv`; `chapters` for a video's description; `edl` (CMX 3600) for editors."""
    moment_type: Name | None = None
    """Only moments of this type, such as `chat_spike`."""
    start_time: Time | None = None
    """Only moments whose onset is at or after this time."""
    end_time: Time | None = None
    """Only moments whose onset is at or before this time."""
    origin: Time | None = None
    """Where the recording begins; by default the start of the stream. Moments before it are left out."""


def add_moment_routes(app: FastAPI, services: Services) -> None:
    bodies = JsonBodies()
    _add_settings_routes(app, services, bodies)
    _add_backtest_route(app, services, bodies)
    _add_export_route(app, services)


def _add_settings_routes(app: FastAPI, services: Services, bodies: JsonBodies) -> None:
    workspace, stream = "/api/v1/moments/settings", "/api/v1/streams/{stream_id}/moments/settings"

    @app.get(
        workspace,
        tags=["moments"],
        summary="Settings of detection",
        responses=documented(DetectionSettings, "Of the whole workspace.", problems_too=(503,)),
    )
    async def get_workspace(request: Request) -> Response:
        """The default configuration under what was overridden for the workspace."""
        return json_answer(await moment_settings.get_settings(services, DEFAULT_WORKSPACE, None))

    @app.put(
        workspace,
        tags=["moments"],
        summary="Override settings of detection",
        openapi_extra={"requestBody": _body(MomentSettings, OVERRIDES_EXAMPLE)},
        responses=documented(DetectionSettings, _CHANGED, problems_too=(400, 408, 413, 415, 422, 429, 503)),
    )
    async def put_workspace(request: Request) -> Response:
        """Replaces all overrides of the workspace; settings that are not named are the default ones."""
        overrides = await bodies.read(request, dict[str, Any])
        return json_answer(await moment_settings.put_settings(services, DEFAULT_WORKSPACE, None, overrides))

    @app.delete(
        workspace,
        tags=["moments"],
        summary="Drop overrides of detection",
        responses=documented(DetectionSettings, _CHANGED, problems_too=(503,)),
    )
    async def delete_workspace(request: Request) -> Response:
        """Back to the default configuration; those of streams stay."""
        return json_answer(await moment_settings.delete_settings(services, DEFAULT_WORKSPACE, None))

    @app.get(
        stream,
        tags=["moments"],
        summary="Settings of detection of a stream",
        responses=documented(DetectionSettings, "Of the stream.", problems_too=(422, 503)),
    )
    async def get_stream(request: Request, stream_id: StreamId) -> Response:
        """The workspace's settings under what was overridden for the stream, which need not exist yet."""
        return json_answer(await moment_settings.get_settings(services, DEFAULT_WORKSPACE, stream_id))

    @app.put(
        stream,
        tags=["moments"],
        summary="Override settings of detection of a stream",
        openapi_extra={"requestBody": _body(MomentSettings, OVERRIDES_EXAMPLE)},
        responses=documented(DetectionSettings, _CHANGED, problems_too=(400, 408, 413, 415, 422, 429, 503)),
    )
    async def put_stream(request: Request, stream_id: StreamId) -> Response:
        """Replaces all overrides of the stream; settings that are not named are the workspace's."""
        overrides = await bodies.read(request, dict[str, Any])
        return json_answer(await moment_settings.put_settings(services, DEFAULT_WORKSPACE, stream_id, overrides))

    @app.delete(
        stream,
        tags=["moments"],
        summary="Drop overrides of detection of a stream",
        responses=documented(DetectionSettings, _CHANGED, problems_too=(422, 503)),
    )
    async def delete_stream(request: Request, stream_id: StreamId) -> Response:
        """Back to the workspace's settings."""
        return json_answer(await moment_settings.delete_settings(services, DEFAULT_WORKSPACE, stream_id))


def _add_backtest_route(app: FastAPI, services: Services, bodies: JsonBodies) -> None:
    backtests = Backtests(services)

    @app.post(
        "/api/v1/moments/backtest",
        tags=["moments"],
        summary="Backtest settings of detection",
        openapi_extra={"requestBody": _body(BacktestRequest, example(BacktestRequest))},
        responses=documented(
            Backtest,
            "What would have been found, beside what was.",
            problems_too=(400, 404, 408, 413, 415, 422, 429, 503),
        ),
    )
    async def run_backtest(request: Request) -> Response:
        """Replays the stored events of a stream under other settings and writes nothing.

        Seven days and 500,000 events at most (422 `backtest_too_large`), one at a time (429); the command
        `telemetra backtest` has no limits.
        """
        wanted = await bodies.read(request, BacktestRequest)
        return json_answer(await backtests.run(DEFAULT_WORKSPACE, wanted))


def _add_export_route(app: FastAPI, services: Services) -> None:
    responses = documented(list[ExportedMoment], "Oldest first.", problems_too=(404, 422, 503))
    responses[200]["content"] |= {
        "text/csv": {"schema": {"type": "string"}, "example": CSV_EXAMPLE},
        "text/plain": {"schema": {"type": "string"}, "example": CHAPTERS_EXAMPLE},
        "application/octet-stream": {"schema": {"type": "string"}, "example": EDL_EXAMPLE},
    }

    @app.get(
        "/api/v1/streams/{stream_id}/moments/export",
        tags=["moments"],
        summary="Export moments of a stream",
        responses=responses,
    )
    async def export(request: Request, stream_id: StreamId, query: Annotated[ExportQuery, fastapi.Query()]) -> Response:
        """Up to 2,000 moments with their place in the recording, in seconds from its beginning."""
        body = await export_moments(
            services,
            DEFAULT_WORKSPACE,
            stream_id,
            form=query.format,
            moment_type=query.moment_type,
            start=query.start_time,
            end=query.end_time,
            origin=query.origin,
        )
        ending = _ENDINGS.get(query.format, query.format.value)
        headers = {"Content-Disposition": f'attachment; filename="{stream_id}-moments.{ending}"'}
        return Response(body, headers=headers, media_type=_MEDIA_TYPES[query.format])


def _body(model: type, shown: Any) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": reference(model), "example": shown}}}
