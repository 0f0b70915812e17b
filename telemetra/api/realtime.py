"""`/api/realtime`: what connectors fetch, over a WebSocket, once it is stored (SPEC 2.3)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.websockets import WebSocket

from telemetra.api.live_access import check_origin
from telemetra.api.problems import Problems
from telemetra.api.ws_endpoint import ClientChannel, answer_ping, listen, refuse, serve_client
from telemetra.clock import Clock
from telemetra.errors import Invalid, TelemetraError, Unavailable
from telemetra.live.realtime import Filter, RealtimeHub
from telemetra.live.subscriber import TOO_SLOW, TRY_AGAIN_LATER
from telemetra.model.event import DEFAULT_WORKSPACE

SEND_BUFFER_BYTES = 256 * 1024
"""Kernel send buffer of a client. It gets every event, old ones too, and no more than this in a turn of the event loop:
under load a turn takes 50 ms."""

VALUE_MAX_CHARACTERS = 200
WAITING_MAX_BYTES = 128 * 1024
"""A client that asks and does not read the answers is closed when so much waits for it: more than updates make wait."""


class RealtimeWebSocket:
    """The endpoint. Refuses before the handshake is complete with the HTTP status of the reason (403, 422, 503)."""

    def __init__(self, hub: RealtimeHub, clock: Clock, problems: Problems, origins: tuple[str, ...]) -> None:
        self._hub = hub
        self._clock = clock
        self._problems = problems
        self._origins = origins

    async def respond(self, websocket: WebSocket) -> None:
        try:
            check_origin(websocket.scope, self._origins)
            wanted = read_filter(websocket.query_params)
            if self._hub.full:
                raise Unavailable("This process has as many live connections as it may.", retry_after_seconds=5)
        except TelemetraError as error:
            await refuse(websocket, self._problems, error)
            return
        await serve_client(
            websocket,
            lambda channel: self._serve(websocket, channel, wanted),
            send_buffer_bytes=SEND_BUFFER_BYTES,
        )

    async def _serve(self, websocket: WebSocket, channel: ClientChannel, wanted: Filter) -> None:
        try:
            client = self._hub.connect(wanted, channel)
        except Unavailable as error:  # the last place was taken during the handshake
            channel.close(TRY_AGAIN_LATER, error.code)
            return

        async def answer(text: str | None) -> None:
            if channel.waiting_bytes() > WAITING_MAX_BYTES:
                channel.close(TOO_SLOW, "too slow")
                return
            answer_ping(text, channel, self._clock)

        try:
            await listen(websocket, channel, answer)
        finally:
            self._hub.disconnect(client)


def read_filter(parameters: Mapping[str, str]) -> Filter:
    """The conditions of a query string; empty ones are none. Raises Invalid naming the parameter."""
    given = {name: value for name, value in parameters.items() if value}
    for name in ("exchange", "instrument", "connector_id"):
        value = given.get(name, "")
        if len(value) > VALUE_MAX_CHARACTERS:
            raise Invalid(f"must have at most {VALUE_MAX_CHARACTERS} characters", field=name)
    return Filter(DEFAULT_WORKSPACE, given.get("exchange"), given.get("instrument"), given.get("connector_id"))
