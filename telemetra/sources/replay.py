"""Replay: recorded feeds into a running server, as fast as it takes them or at a multiple of their own pace."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec

from telemetra.clock import Clock, system_clock
from telemetra.errors import Fatal, Invalid, Unavailable
from telemetra.formats.detect import Format
from telemetra.model.window import SECOND
from telemetra.sources.replay_batches import Batch, BatchReader, Reading, newest_time
from telemetra.sources.replay_files import RecordedFile
from telemetra.sources.replay_sender import TIMEOUT_SECONDS, Answer, Sender, Sleep, Tell


class ReplayOptions(msgspec.Struct, frozen=True):
    """What to replay. `speed` is a multiple of the recorded pace, None as fast as possible; `batch` in events."""

    paths: tuple[Path, ...]
    url: str
    form: Format = Format.auto
    speed: float | None = None
    shift_to_now: bool = False
    batch: int = 1000
    stream_id: str | None = None
    workspace_id: str | None = None


class Summary(msgspec.Struct):
    """What a replay did. `sent` = accepted + duplicate + all rejected. `stopped`: why it ended early."""

    reading: Reading
    sent: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    stopped: str | None = None

    @property
    def exit_code(self) -> int:
        return 1 if self.stopped or not self.sent else 0

    def add(self, batch: Batch, answer: Answer) -> None:
        self.sent += len(batch.lines)
        self.accepted += answer.accepted
        self.duplicate += answer.duplicate
        for rejected in answer.rejected:
            self.rejected[rejected.code] += 1
            self.reading.note(batch.places[rejected.index], rejected.code, rejected.detail)


Watch = Callable[[Summary, int], None]
"""Called after each batch with the summary so far and the bytes of the files that have been read."""


def parse_speed(text: str) -> float | None:
    """`max` is None; else a multiple of the recorded pace. Raises `Invalid`."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise Invalid(f"--speed must be max or a number above 0, not {text!r}", field="speed")
    return speed


def open_files(options: ReplayOptions) -> list[RecordedFile]:
    """Raises `Invalid` naming the file that cannot be opened or whose format cannot be told."""
    return [RecordedFile(path, options.form, options.stream_id) for path in options.paths]


async def replay(
    options: ReplayOptions,
    files: Sequence[RecordedFile],
    *,
    watch: Watch,
    tell: Tell,
    clock: Clock = system_clock,
    sleep: Sleep = asyncio.sleep,
) -> Summary:
    """Send all events of the files, in order. While one batch is on its way the next is made in a thread.

    Ends early, with the reason in the summary, when the server cannot be reached or refuses for good.
    """
    shift = 0
    if options.shift_to_now:
        newest = await asyncio.to_thread(newest_time, files)
        shift = 0 if newest is None else clock() - newest
    reader = BatchReader(options.batch, shift=shift, speed=options.speed, workspace_id=options.workspace_id)
    summary = Summary(reader.reading)
    batches = reader.read(files)
    pace = Pace(options.speed, clock, sleep)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        sender = Sender(client, options.url, sleep, tell)
        batch = await asyncio.to_thread(next, batches, None)
        while batch is not None:
            making = asyncio.create_task(asyncio.to_thread(next, batches, None))
            try:
                await pace.wait(batch.due)
                summary.add(batch, await sender.send(batch.lines))
            except (Unavailable, Fatal) as error:
                summary.stopped = str(error)
                break
            finally:
                following = await making
            watch(summary, sum(file.position_bytes for file in files))
            batch = following
    return summary


class Pace:
    """Holds events back until their time has come: `speed` seconds of the recording pass in one second."""

    def __init__(self, speed: float | None, clock: Clock, sleep: Sleep) -> None:
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._first: tuple[int, int] | None = None

    async def wait(self, due: int | None) -> None:
        """Return when the event time `due` (µs) is reached; the first one is reached at once."""
        if self._speed is None or due is None:
            return
        now = self._clock()
        if self._first is None:
            self._first = due, now
        first_due, started = self._first
        wait_seconds = (due - first_due) / self._speed / SECOND - (now - started) / SECOND
        if wait_seconds > 0:
            await self._sleep(wait_seconds)
