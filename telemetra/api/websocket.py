"""`/ws/live/{stream_id}`: live updates of one stream over a WebSocket (SPEC 2.3)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.websockets import WebSocket

from telemetra.api.live_access import Admission
from telemetra.api.problems import Problems
from telemetra.api.ws_endpoint import ClientChannel, Ping, Pong, listen, read_message, refuse, serve_client
from telemetra.clock import Clock
from telemetra.errors import Invalid, TelemetraError, Unavailable
from telemetra.live import frames
from telemetra.live.hub import Hub
from telemetra.live.subscriber import TRY_AGAIN_LATER
from telemetra.model.event import DEFAULT_WORKSPACE


class Resume(msgspec.Struct, tag="resume"):
    """`epoch` and `offset` as they stood in the last frame that the client has dealt with."""

    epoch: Annotated[str, msgspec.Meta(max_length=100)]
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


_decoder = msgspec.json.Decoder(Ping | Pong | Resume)


class LiveWebSocket:
    """The endpoint. Refuses before the handshake is complete with the HTTP status of the reason (403, 422, 503)."""

    def __init__(self, hub: Hub, clock: Clock, problems: Problems, admission: Admission) -> None:
        self._hub = hub
        self._clock = clock
        self._problems = problems
        self._admission = admission

    async def respond(self, websocket: WebSocket) -> None:
        try:
            stream_id = self._admission.check(websocket.scope)
        except TelemetraError as error:
            await refuse(websocket, self._problems, error)
            return
        await serve_client(websocket, lambda channel: self._serve(websocket, channel, stream_id))

    async def _serve(self, websocket: WebSocket, channel: ClientChannel, stream_id: str) -> None:
        try:
            subscriber = self._hub.connect((DEFAULT_WORKSPACE, stream_id), channel, "websocket")
        except Unavailable as error:  # the last place was taken during the handshake
            channel.close(TRY_AGAIN_LATER, error.code)
            return

        async def answer(text: str | None) -> None:
            try:
                request = read_message(text, _decoder)
            except Invalid as error:
                subscriber.send(frames.error(error.code, str(error)))
                return
            if isinstance(request, Ping):
                subscriber.send(frames.pong(self._clock()))
            elif isinstance(request, Resume):
                await self._hub.resume(subscriber, request.epoch, request.offset)

        try:
            await self._hub.welcome(subscriber)
            await listen(websocket, channel, answer)
        finally:
            self._hub.disconnect(subscriber)
