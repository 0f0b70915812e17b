"""`/ws/live/{stream_id}`: live updates of one stream over a WebSocket (SPEC 2.3), and how many clients there are."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from starlette.websockets import WebSocket

from telemetra.api.live_access import Admission
from telemetra.api.live_send import serve_queue
from telemetra.api.problems import Problems
from telemetra.api.ws_protocol import DirectChannel, direct_channel
from telemetra.clock import Clock
from telemetra.errors import TelemetraError, Unavailable
from telemetra.live.channel import QueueChannel
from telemetra.live.frames import Frame
from telemetra.live.hub import Hub
from telemetra.live.subscriber import TRY_AGAIN_LATER, Subscriber
from telemetra.model.event import DEFAULT_WORKSPACE

MESSAGE_MAX_CHARACTERS = 4096
MESSAGES_PER_SECOND = 10
MESSAGE_BURST = 100
POLICY_VIOLATION = 1008


class Ping(msgspec.Struct, tag="ping"):
    """Answered with `pong`."""


class Pong(msgspec.Struct, tag="pong"):
    """An answer to our ping; none is expected."""


class Resume(msgspec.Struct, tag="resume"):
    """`epoch` and `offset` as they stood in the last frame that the client has dealt with."""

    epoch: Annotated[str, msgspec.Meta(max_length=100)]
    offset: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


_decoder = msgspec.json.Decoder(Ping | Pong | Resume)


class MessageRate:
    """Allows a burst, then so many a second (the generic cell rate algorithm: one number of state)."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval_seconds = 1 / per_second
        self._slack_seconds = burst / per_second
        self._due = float("-inf")

    def allows(self, now_seconds: float) -> bool:
        due = max(self._due, now_seconds - self._slack_seconds) + self._interval_seconds
        if due > now_seconds:
            return False
        self._due = due
        return True


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
            await self._refuse(websocket, error)
            return
        await websocket.accept()
        channel = direct_channel(websocket.scope)
        if channel is not None:
            await self._serve(websocket, channel, stream_id)
        else:
            await self._serve_by_asgi(websocket, stream_id)

    async def _refuse(self, websocket: WebSocket, error: TelemetraError) -> None:
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            await websocket.send_denial_response(self._problems.of_error(websocket.url.path, error))
        else:
            await websocket.close(POLICY_VIOLATION, error.code)

    async def _serve(self, websocket: WebSocket, channel: DirectChannel | QueueChannel, stream_id: str) -> None:
        try:
            subscriber = self._hub.connect((DEFAULT_WORKSPACE, stream_id), channel, "websocket")
        except Unavailable as error:  # the last place was taken during the handshake
            channel.close(TRY_AGAIN_LATER, error.code)
            return
        try:
            await self._hub.welcome(subscriber)
            await self._listen(websocket, subscriber)
        finally:
            self._hub.disconnect(subscriber)

    async def _serve_by_asgi(self, websocket: WebSocket, stream_id: str) -> None:
        """The way for servers that are not ours: frames go through ASGI, one message each."""
        channel = QueueChannel()

        async def send(frames: list[Frame]) -> None:
            for frame in frames:
                await websocket.send_text(frame.payload.decode())

        await serve_queue(channel, send, self._serve(websocket, channel, stream_id))
        if channel.close_code is not None:
            await websocket.close(channel.close_code, channel.close_reason)

    async def _listen(self, websocket: WebSocket, subscriber: Subscriber) -> None:
        """Deal with the client's messages until it goes. While one is dealt with, the transport reads no further."""
        clock = asyncio.get_running_loop().time
        rate = MessageRate(MESSAGES_PER_SECOND, MESSAGE_BURST)
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if not rate.allows(clock()):
                subscriber.channel.close(POLICY_VIOLATION, "too many messages")
                return
            await self._answer(message.get("text"), subscriber)

    async def _answer(self, text: str | None, subscriber: Subscriber) -> None:
        frames = self._hub.frames
        if text is None:
            subscriber.send(frames.error("invalid_message", "Messages are text frames with a JSON object."))
            return
        if len(text) > MESSAGE_MAX_CHARACTERS:
            subscriber.send(
                frames.error("message_too_large", f"Messages have at most {MESSAGE_MAX_CHARACTERS} characters.")
            )
            return
        try:
            request = _decoder.decode(text)
        except msgspec.ValidationError as error:
            subscriber.send(frames.error("invalid_message", str(error)))
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            subscriber.send(frames.error("invalid_json", "The message is no JSON."))
        else:
            if isinstance(request, Ping):
                subscriber.send(frames.pong(self._clock()))
            elif isinstance(request, Resume):
                await self._hub.resume(subscriber, request.epoch, request.offset)
