"""One connection of a declared connector, to see what it would store. Stores nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import msgspec

from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.formats.draft import Draft
from telemetra.model.connector import ConnectorConfig
from telemetra.model.times import rfc3339
from telemetra.operations.intake import Intake, RejectedEvent
from telemetra.sources.base import Incoming
from telemetra.sources.declared import DeclaredSource, declared_format, declared_source
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.parts import RunOptions

_SHOWN_CHARACTERS = 2000
_MOST_NOTES = 10


class ProbedEvent(msgspec.Struct):
    """An event as it would be stored."""

    event_id: str
    type: str
    stream_id: str
    source: str
    timestamp: str
    data: msgspec.Raw


class ProbeResult(msgspec.Struct):
    """`ok`: connected, and something was received that is no error. `connected` and `error` say how far it came.

    `messages` counts what was received by what it is (data, ack, heartbeat, error, unknown); `notes` are what errors
    and unknown messages said; `sample` is the first message as it came, shortened. No text holds a credential.
    """

    ok: bool
    connected: bool
    seconds: float
    messages: dict[str, int]
    events: list[ProbedEvent]
    rejected: list[RejectedEvent]
    notes: list[str]
    sample: str | None = None
    error: str | None = None


async def probe(
    config: ConnectorConfig,
    *,
    intake: Intake,
    guard: EgressGuard,
    clock: Clock,
    options: RunOptions,
    limit: int = 10,
    seconds: float = 10.0,
) -> ProbeResult:
    """Connect and read until there are `limit` events, or `seconds` are over. Raises `Invalid` for a wrong declaration
    and nothing else."""
    outgoing = Outgoing(config)
    source = declared_source(
        config,
        outgoing,
        guard,
        clock,
        timeout_seconds=min(options.timeout_seconds, seconds),
        max_bytes=options.max_bytes,
    )
    looked = _Look(config, outgoing, limit)
    started = time.monotonic()
    error: str | None = None
    try:
        async with asyncio.timeout(seconds):
            await looked.through(source)
    except TimeoutError:
        if not looked.connected:
            error = f"no answer within {seconds:g} s"
        elif not looked.messages:
            error = f"connected, but nothing was received within {seconds:g} s"
    except TelemetraError as failure:
        error = outgoing.mask(str(failure))
    finally:
        await source.close()
    events, _, rejected = intake.judge_drafts(
        looked.drafts[:limit], workspace_id="default", connector_id=None, session_id=None
    )
    good = looked.messages.total() - looked.messages["error"] - looked.messages["unknown"]
    return ProbeResult(
        ok=error is None and good > 0,
        connected=looked.connected,
        seconds=round(time.monotonic() - started, 3),
        messages=dict(looked.messages),
        events=[
            ProbedEvent(
                event.event_id,
                event.type,
                event.stream_id,
                event.source,
                rfc3339(event.timestamp),
                msgspec.Raw(event.data),
            )
            for event in events
        ],
        rejected=rejected,
        notes=looked.notes,
        sample=looked.sample,
        error=error,
    )


class _Look:
    """What was seen so far."""

    def __init__(self, config: ConnectorConfig, outgoing: Outgoing, limit: int) -> None:
        self.connected = False
        self.messages: Counter[str] = Counter()
        self.drafts: list[Draft] = []
        self.notes: list[str] = []
        self.sample: str | None = None
        self._format = declared_format(config)
        self._outgoing = outgoing
        self._limit = limit

    async def through(self, source: DeclaredSource) -> None:
        await source.open()
        self.connected = not source.polls
        while len(self.drafts) < self._limit:
            messages = await source.read()
            self.connected = True
            for incoming in messages:
                for reply in self._take(incoming):
                    await source.reply(reply)
            if source.polls:
                return

    def _take(self, incoming: Incoming) -> tuple[str, ...]:
        if self.sample is None:
            head = incoming.payload[:_SHOWN_CHARACTERS]
            self.sample = self._outgoing.mask(head if isinstance(head, str) else head.decode(errors="replace"))
        reading = self._format.read(incoming.payload, incoming.received_at)
        self.messages[reading.control or "data"] += 1
        self.drafts += reading.drafts
        if reading.control in ("error", "unknown") and len(self.notes) < _MOST_NOTES:
            self.notes.append(self._outgoing.mask(f"{reading.control}: {reading.detail}"))
        return reading.replies
