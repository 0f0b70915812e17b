"""Batches of events to a server's intake over HTTP, repeated until they are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import httpx
import msgspec

from telemetra.backoff import delays
from telemetra.errors import Fatal, Unavailable

ATTEMPTS_BEFORE_FIRST_ANSWER = 5
ATTEMPTS = 12
RETRY_AFTER_SECONDS_MAX = 300.0
TIMEOUT_SECONDS = 60.0
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOO_LARGE = 413
_ACCEPTED = 202

Sleep = Callable[[float], Awaitable[None]]
Tell = Callable[[str], None]


class Rejected(msgspec.Struct):
    """One event that the server refused, by its place in the batch."""

    index: int
    code: str
    detail: str = ""


class Answer(msgspec.Struct):
    """The server's answer to a batch that is now durable."""

    accepted: int
    duplicate: int = 0
    rejected: list[Rejected] = msgspec.field(default_factory=list)


class Sender:
    """Posts NDJSON to `<url>/api/v1/events`, one request at a time, so that the order of the events is kept.

    A batch that may not have arrived is sent again unchanged: the server knows the events by their ids. `tell` gets a
    line for a person whenever a batch has to wait.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, sleep: Sleep, tell: Tell) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/api/v1/events"
        self._sleep = sleep
        self._tell = tell
        self._answered = False

    async def send(self, lines: Sequence[bytes]) -> Answer:
        """The answer to all `lines`. A batch that is too large for the server goes in halves.

        Raises `Unavailable` when the server has not answered in 12 attempts (5 before its first answer), `Fatal` when
        it refuses the request for good.
        """
        response = await self._post(b"\n".join(lines))
        if response.status_code == _TOO_LARGE and len(lines) > 1:
            half = len(lines) // 2
            first, second = await self.send(lines[:half]), await self.send(lines[half:])
            for rejected in second.rejected:
                rejected.index += half
            return Answer(
                first.accepted + second.accepted,
                first.duplicate + second.duplicate,
                first.rejected + second.rejected,
            )
        if response.status_code != _ACCEPTED:
            raise Fatal(f"{self._url} answered {response.status_code}: {response.text[:200].strip()}")
        try:
            return msgspec.json.decode(response.content, type=Answer)
        except msgspec.DecodeError:
            raise Fatal(f"{self._url} is no Telemetra server: {response.text[:200].strip()!r}") from None

    async def _post(self, body: bytes) -> httpx.Response:
        waits = delays()
        failed = 0
        while True:
            wait = next(waits)
            try:
                response = await self._client.post(
                    self._url, content=body, headers={"content-type": "application/x-ndjson"}
                )
            except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
                raise Fatal(f"{self._url}: {error}") from None
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            else:
                self._answered = True
                if response.status_code not in _TRY_AGAIN:
                    return response
                reason = f"the server answered {response.status_code}"
                wait = _retry_after(response) or wait
            failed += 1
            if failed >= (ATTEMPTS if self._answered else ATTEMPTS_BEFORE_FIRST_ANSWER):
                raise Unavailable(f"{self._url}: {reason}; gave up after {failed} attempts")
            self._tell(f"{reason}; trying again in {wait:.1f} s")
            await self._sleep(wait)


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds of a Retry-After header, at most 300; None without one (or with a date)."""
    text = response.headers.get("retry-after", "").strip()
    return min(float(text), RETRY_AFTER_SECONDS_MAX) if text.isascii() and text.isdigit() else None
