"""`/ws/live`: what changes in all streams of the workspace, over one WebSocket."""

from __future__ import annotations

from starlette.websockets import WebSocket

from telemetra.api.live_access import Admission
from telemetra.api.problems import Problems
from telemetra.api.ws_endpoint import ClientChannel, answer_ping, listen, refuse, serve_client
from telemetra.clock import Clock
from telemetra.errors import TelemetraError, Unavailable
from telemetra.live.hub import Hub
from telemetra.live.subscriber import TRY_AGAIN_LATER
from telemetra.model.event import DEFAULT_WORKSPACE


class OverviewWebSocket:
    """The endpoint. Refuses before the handshake is complete with the HTTP status of the reason (403, 503)."""

    def __init__(self, hub: Hub, clock: Clock, problems: Problems, admission: Admission) -> None:
        self._hub = hub
        self._clock = clock
        self._problems = problems
        self._admission = admission

    async def respond(self, websocket: WebSocket) -> None:
        try:
            self._admission.check_all(websocket.scope)
        except TelemetraError as error:
            await refuse(websocket, self._problems, error)
            return
        await serve_client(websocket, lambda channel: self._serve(websocket, channel))

    async def _serve(self, websocket: WebSocket, channel: ClientChannel) -> None:
        try:
            watcher = self._hub.watch(DEFAULT_WORKSPACE, channel, "websocket")
        except Unavailable as error:  # the last place was taken during the handshake
            channel.close(TRY_AGAIN_LATER, error.code)
            return

        async def answer(text: str | None) -> None:
            answer_ping(text, channel, self._clock)

        try:
            await self._hub.welcome_watcher(watcher)
            await listen(websocket, channel, answer)
        finally:
            self._hub.unwatch(watcher)
