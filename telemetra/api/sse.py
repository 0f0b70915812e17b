"""`GET /api/v1/streams/{stream_id}/live`: the messages of the WebSocket as server-sent events.

The id of an event is `epoch:offset`, and a browser that comes back sends the last one: it gets what it has missed.
"""

from __future__ import annotations

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from telemetra.api.live_access import Admission
from telemetra.api.live_send import serve_queue
from telemetra.errors import Unavailable
from telemetra.live.channel import QueueChannel
from telemetra.live.frames import Frame
from telemetra.live.hub import Hub
from telemetra.model.event import DEFAULT_WORKSPACE, StreamKey

MEDIA_TYPE = "text/event-stream"
RETRY_MILLISECONDS = 2000
_EVENT_ID = re.compile(r"([^:]{1,100}):([0-9]{1,18})")
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def parse_event_id(value: str | None) -> tuple[str, int] | None:
    """(epoch, offset) of a Last-Event-ID; None where it is absent or not one of ours: the client starts afresh."""
    found = _EVENT_ID.fullmatch(value or "")
    return None if found is None else (found[1], int(found[2]))


class LiveEvents:
    """The endpoint. Raises the errors of errors.py before the response starts."""

    def __init__(self, hub: Hub, admission: Admission) -> None:
        self._hub = hub
        self._admission = admission

    async def respond(self, request: Request) -> Response:
        stream_id = self._admission.check(request.scope)
        if request.method == "HEAD":
            return Response(headers=_HEADERS, media_type=MEDIA_TYPE)
        resume_from = parse_event_id(request.headers.get("last-event-id"))
        return EventStream(self._hub, (DEFAULT_WORKSPACE, stream_id), resume_from)


class EventStream(StreamingResponse):
    """A response that lasts until the client goes, the hub closes it or the client does not read."""

    def __init__(self, hub: Hub, key: StreamKey, resume_from: tuple[str, int] | None) -> None:
        super().__init__((), headers=_HEADERS, media_type=MEDIA_TYPE)
        self._hub = hub
        self._key = key
        self._resume_from = resume_from

    async def stream_response(self, send: Send) -> None:
        async def send_body(body: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": more})

        async def send_events(frames: list[Frame]) -> None:
            await send_body(b"".join([frame.event for frame in frames]))

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send_body(b"retry: %d\n\n" % RETRY_MILLISECONDS)
        channel = QueueChannel()
        await serve_queue(channel, send_events, self._serve(channel))
        if not channel.waiting_bytes():  # else the client does not read, and would not take the end either
            await send_body(b"", more=False)

    async def _serve(self, channel: QueueChannel) -> None:
        try:
            subscriber = self._hub.connect(self._key, channel, "sse", resume_from=self._resume_from)
        except Unavailable:  # the last place was taken while the headers were sent: the browser comes again
            return
        try:
            await self._hub.welcome(subscriber)
            if self._resume_from is not None:
                await self._hub.resume(subscriber, *self._resume_from)
            await asyncio.get_running_loop().create_future()  # until the client goes or the last event is sent
        finally:
            self._hub.disconnect(subscriber)
