"""The demo: simulated channels sent through the same intake as everybody's events, and the moments as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from telemetra.errors import Unavailable
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.model.times import to_datetime
from telemetra.model.window import MINUTE, SECOND
from telemetra.operations.services import Services
from telemetra.sources.simulate import Simulation
from telemetra.store.moments import moments_since

HISTORY = 30 * MINUTE
BATCH_EVENTS = 1000
BEAT_SECONDS = 0.5
TRUTH_AHEAD = 60 * MINUTE
MEDIA_TYPE = "application/x-ndjson"

Say = Callable[[str], None]

_encoder = msgspec.json.Encoder()


class DemoState(msgspec.Struct):
    """Kept beside the database, so that a demo that is started again goes on where it stopped."""

    seed: int
    origin: int
    sent_until: int


class Demo:
    """Sends `HISTORY` at full speed, then goes on in real time until cancelled.

    `directory` holds the state and `demo-truth.json`: what is planted, with onset, end and the moments it should raise.
    """

    def __init__(self, services: Services, directory: Path, seed: int, say: Say) -> None:
        self._services = services
        self._state_file = directory / "demo.json"
        self._truth_file = directory / "demo-truth.json"
        self._say = say
        self._state = self._load(seed)
        self._simulation = Simulation(seed, self._state.origin)
        self._truth_until = 0

    async def run(self) -> None:
        telling = asyncio.create_task(self._tell_moments())
        try:
            await self._catch_up()
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                await self._send_until(self._services.clock())
        finally:
            telling.cancel()

    async def _catch_up(self) -> None:
        started = self._services.clock()
        events = await self._send_until(started)
        seconds = max((self._services.clock() - started) / SECOND, 0.001)
        self._say(f"{events:,} simulated events up to now sent in {seconds:.1f} s; from here on in real time")

    async def _send_until(self, end: int) -> int:
        """Send what has happened since the last time; returns the number of events."""
        sent = 0
        for lines in _batches(self._simulation.events(self._state.sent_until, end)):
            await self._submit(b"\n".join(lines))
            sent += len(lines)
        self._state.sent_until = end
        self._state_file.write_bytes(_encoder.encode(self._state))
        if end > self._truth_until - TRUTH_AHEAD // 2:
            self._truth_until = end + TRUTH_AHEAD
            truth = self._simulation.truth(self._state.origin, self._truth_until)
            self._truth_file.write_bytes(msgspec.json.format(_encoder.encode(truth), indent=2))
        return sent

    async def _submit(self, body: bytes) -> None:
        while True:
            try:
                await self._services.intake.submit(MEDIA_TYPE, body, {}, DEFAULT_WORKSPACE, None)
            except Unavailable as error:
                await asyncio.sleep(error.retry_after_seconds)
            else:
                return

    async def _tell_moments(self) -> None:
        """Print each moment once, when it opens."""
        since = self._services.clock()
        told: set[object] = set()
        while True:
            await asyncio.sleep(1.0)
            try:
                moments = await moments_since(self._services.database, since)
            except Unavailable:
                continue
            for moment in moments:
                if moment.moment_id not in told:
                    told.add(moment.moment_id)
                    at = to_datetime(moment.timestamp).astimezone()
                    self._say(f"{at:%H:%M:%S}  {moment.stream_id}  {moment.moment_type}: {moment.description}")

    def _load(self, seed: int) -> DemoState:
        start = self._services.clock() - HISTORY
        try:
            state = msgspec.json.decode(self._state_file.read_bytes(), type=DemoState)
        except (FileNotFoundError, msgspec.DecodeError):
            return DemoState(seed, start, start)
        if state.seed != seed:
            return DemoState(seed, start, start)
        # Nobody was there to see what is older: leave it out.
        return DemoState(seed, state.origin, max(state.sent_until, start))


def _batches(events: Iterator[dict[str, Any]]) -> Iterator[list[bytes]]:
    while lines := [_encoder.encode(event) for event in islice(events, BATCH_EVENTS)]:
        yield lines
