"""A REST API as a source: asked at a steady pace, each answer one message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from telemetra.clock import Clock
from telemetra.errors import EgressRefused
from telemetra.model.connector import Cursor, Position, TimeUnit, TimeWindow
from telemetra.model.times import rfc3339
from telemetra.model.window import SECOND
from telemetra.sources.base import Incoming, Refused, SourceClosed
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outbound import InboundResponse, OutboundRequest
from telemetra.sources.outgoing import Outgoing

REFUSING_STATUSES = {401, 403}
LONGEST_RETRY_AFTER_SECONDS = 3600.0


class RestPollSource:
    """Implements `Source`. `interval_seconds` is from the start of one request to the start of the next.

    A request that takes longer delays the next one; what was missed is not made up for. `resume_from`: where a cursor
    or a time window goes on after a restart.
    """

    polls = True

    def __init__(
        self,
        outgoing: Outgoing,
        guard: EgressGuard,
        clock: Clock,
        *,
        interval_seconds: float,
        cursor: Cursor | None,
        time_window: TimeWindow | None,
        timeout_seconds: float,
        max_bytes: int,
        resume_from: Position | None = None,
    ) -> None:
        self._outgoing = outgoing
        self._guard = guard
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._cursor = cursor
        self._time_window = time_window
        self.position = resume_from if resume_from is not None and resume_from.polled else None
        self._next: Position | None = None
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._due_at = 0.0

    async def open(self) -> None:
        """Nothing to open: the first answer tells."""

    async def read(self) -> list[Incoming]:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._due_at - loop.time()))
            self._due_at = max(self._due_at + self._interval_seconds, loop.time())
            asked_at = self._clock()
            response = await send(
                self._guard,
                self._outgoing.request(asked_at, self._parameters(asked_at)),
                asked_at,
                timeout_seconds=self._timeout_seconds,
                max_bytes=self._max_bytes,
            )
            self._next = self._position_after(response.body, asked_at)
            if response.status not in (204, 304) and response.body:
                return [Incoming(response.body, self._clock())]
            self.taken()

    def taken(self, understood: bool = True) -> None:
        # A time whose answer was an error or nonsense is asked for again. A cursor that came with an answer is not
        # held back: a page that cannot be read must not stop the connector at it for ever.
        if self._next is not None and (understood or self._cursor is not None):
            self.position = self._next
        self._next = None

    async def reply(self, text: str) -> None:
        """There is nobody to reply to."""

    async def close(self) -> None:
        """Nothing stays open between two requests."""

    def interrupt(self, reason: str) -> None:
        """Silence is no fault of a connection here."""

    def _parameters(self, now: int) -> list[tuple[str, str]]:
        if self._cursor is not None:
            value = self._cursor.initial if self.position is None else self.position.cursor
            return [] if value is None else [(self._cursor.parameter, value)]
        window = self._time_window
        if window is None:
            return []
        if self.position is None or self.position.until is None:
            start = now - round(window.initial * SECOND)
        else:
            start = self.position.until - round(window.overlap * SECOND)
        values = [(window.start, in_unit(start, window.unit))]
        return values if window.end is None else [*values, (window.end, in_unit(now, window.unit))]

    def _position_after(self, body: bytes, asked_at: int) -> Position | None:
        """Where the next request goes on when this answer has been taken."""
        if self._time_window is not None:
            return Position(until=asked_at)
        found = None if self._cursor is None else at_path(body, self._cursor.path)
        return self.position if found is None else Position(cursor=found)


async def send(
    guard: EgressGuard, request: OutboundRequest, now: int, *, timeout_seconds: float, max_bytes: int
) -> InboundResponse:
    """The answer with a status below 400. Raises `Refused` or `SourceClosed`, with the source's own Retry-After."""
    try:
        response = await guard.request(request, timeout_seconds=timeout_seconds, max_bytes=max_bytes)
    except EgressRefused as error:
        raise Refused(str(error)) from None
    if response.status in REFUSING_STATUSES:
        raise Refused(f"the source answered HTTP {response.status}")
    if response.status >= 400:
        wait = retry_after_seconds(response.headers.get("retry-after", ""), now)
        raise SourceClosed(f"the source answered HTTP {response.status}", retry_after_seconds=wait)
    return response


def retry_after_seconds(value: str, now: int) -> float:
    """Of a Retry-After header, seconds or an HTTP date, at most an hour; 0 where there is none."""
    text = value.strip()
    if text.isdecimal() and len(text) < 10:
        return min(float(text), LONGEST_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, until - now / SECOND), LONGEST_RETRY_AFTER_SECONDS)


def in_unit(time_us: int, unit: TimeUnit) -> str:
    """A time in microseconds as a source wants it."""
    if unit == "iso":
        return rfc3339(time_us)
    return str(time_us // {"s": 1_000_000, "ms": 1000, "us": 1}[unit])


def at_path(body: bytes, path: str) -> str | None:
    """The text or number at a dotted path (`meta.next`, `items.-1.id`) of a JSON body; None where there is none."""
    try:
        found: Any = msgspec.json.decode(body)
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, Sequence) and not isinstance(found, str) else found[step]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, IndexError, ValueError, TypeError):
        return None
    if isinstance(found, bool) or not isinstance(found, str | int | float) or found == "":
        return None
    return str(found)
