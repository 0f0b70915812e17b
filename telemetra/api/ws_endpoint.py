"""What the WebSocket endpoints share: refusal, the way out to the client, and reading its messages within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import msgspec
from starlette.websockets import WebSocket

from telemetra.api.live_send import serve_queue
from telemetra.api.problems import Problems
from telemetra.api.ws_protocol import SEND_BUFFER_BYTES, DirectChannel, direct_channel
from telemetra.clock import Clock
from telemetra.errors import Invalid, TelemetraError
from telemetra.live import frames
from telemetra.live.channel import QueueChannel
from telemetra.live.frames import Frame

MESSAGE_MAX_CHARACTERS = 4096
MESSAGES_PER_SECOND = 10
MESSAGE_BURST = 100
POLICY_VIOLATION = 1008


class Ping(msgspec.Struct, tag="ping"):
    """Answered with `pong`."""


class Pong(msgspec.Struct, tag="pong"):
    """An answer to our ping; none is expected."""


_pings = msgspec.json.Decoder(Ping | Pong)

ClientChannel = DirectChannel | QueueChannel
T = TypeVar("T")


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


async def refuse(websocket: WebSocket, problems: Problems, error: TelemetraError) -> None:
    """Before the handshake is complete: with the HTTP status of the reason."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problems.of_error(websocket.url.path, error))
    else:
        await websocket.close(POLICY_VIOLATION, error.code)


async def serve_client(
    websocket: WebSocket,
    serve: Callable[[ClientChannel], Coroutine[Any, Any, None]],
    *,
    send_buffer_bytes: int = SEND_BUFFER_BYTES,
) -> None:
    """Complete the handshake and run `serve`, which returns when the client has gone."""
    await websocket.accept()
    direct = direct_channel(websocket.scope, send_buffer_bytes)
    if direct is not None:
        await serve(direct)
        return
    # The way for servers that are not ours: frames go through ASGI, one message each.
    channel = QueueChannel()

    async def send(waiting: list[Frame]) -> None:
        for frame in waiting:
            await websocket.send_text(frame.payload.decode())

    await serve_queue(channel, send, serve(channel))
    if channel.close_code is not None:
        await websocket.close(channel.close_code, channel.close_reason)


async def listen(websocket: WebSocket, channel: ClientChannel, answer: Callable[[str | None], Awaitable[None]]) -> None:
    """Deal with the client's messages until it goes. While one is dealt with, the transport reads no further.

    `answer` gets a message's text, None for a binary one.
    """
    clock = asyncio.get_running_loop().time
    rate = MessageRate(MESSAGES_PER_SECOND, MESSAGE_BURST)
    while (message := await websocket.receive())["type"] == "websocket.receive":
        if not rate.allows(clock()):
            channel.close(POLICY_VIOLATION, "too many messages")
            return
        await answer(message.get("text"))


def read_message(text: str | None, decoder: msgspec.json.Decoder[T]) -> T:
    """A client's message. Raises Invalid with the code and the text of the `error` message that answers it."""
    if text is None:
        raise Invalid("Messages are text frames with a JSON object.", code="invalid_message")
    if len(text) > MESSAGE_MAX_CHARACTERS:
        raise Invalid(f"Messages have at most {MESSAGE_MAX_CHARACTERS} characters.", code="message_too_large")
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise Invalid(str(error), code="invalid_message") from None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Invalid("The message is no JSON.", code="invalid_json") from None


def answer_ping(text: str | None, channel: ClientChannel, clock: Clock) -> None:
    """What a client hears of an endpoint where it can only ask whether we are there: `pong`, or what is wrong."""
    try:
        request = read_message(text, _pings)
    except Invalid as error:
        channel.write(frames.error(error.code, str(error)))
        return
    if isinstance(request, Ping):
        channel.write(frames.pong(clock()))
