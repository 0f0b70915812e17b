"""The live endpoints as one router, for the application factory to include."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from telemetra.api.live_access import Admission
from telemetra.api.live_overview import OverviewWebSocket
from telemetra.api.problems import Problems
from telemetra.api.realtime import RealtimeWebSocket
from telemetra.api.sse import LiveEvents
from telemetra.api.websocket import LiveWebSocket
from telemetra.clock import Clock
from telemetra.live.hub import Hub
from telemetra.live.realtime import RealtimeHub
from telemetra.model.event import DEFAULT_WORKSPACE


class LiveHealth(msgspec.Struct):
    """Open live connections of this process, WebSockets and server-sent events, by stream.

    `total_connections` also counts those to all streams at once (`/ws/live`).
    """

    status: str
    active_streams: int
    total_connections: int
    streams: dict[str, int]


def live_health(hub: Hub) -> LiveHealth:
    streams = {
        stream_id: count
        for (workspace_id, stream_id), count in hub.connections_by_stream().items()
        if workspace_id == DEFAULT_WORKSPACE
    }
    return LiveHealth("ok", len(streams), sum(streams.values()) + hub.watching, streams)


def live_router(
    hub: Hub, realtime: RealtimeHub, *, clock: Clock, problems: Problems, origins: tuple[str, ...]
) -> APIRouter:
    """`origins` are the browser origins beside the product's own (CORS_ORIGINS).

    The stream of events is not in the OpenAPI document, which has no way to say that an answer does not end.
    """
    admission = Admission(hub, origins)
    router = APIRouter(tags=["live"])

    async def health(request: Request) -> Response:
        return Response(msgspec.json.encode(live_health(hub)), media_type="application/json")

    router.add_websocket_route("/ws/live/{stream_id}", LiveWebSocket(hub, clock, problems, admission).respond)
    router.add_websocket_route("/ws/live", OverviewWebSocket(hub, clock, problems, admission).respond)
    router.add_websocket_route("/api/realtime", RealtimeWebSocket(realtime, clock, problems, origins).respond)
    router.add_api_route("/ws/live/health", health, methods=["GET"], name="live_health", summary="Live connections")
    router.add_route("/api/v1/streams/{stream_id}/live", LiveEvents(hub, admission).respond, methods=["GET"])
    return router
