"""One connection of a declared connector, to see what it would store. Stores nothing."""

from __future__ import annotations

import asyncio
import time

from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.formats.draft import Draft
from telemetra.model.connector import ConnectorConfig
from telemetra.model.event import DEFAULT_WORKSPACE
from telemetra.model.times import to_datetime
from telemetra.operations.connector_models import ProbedControl, ProbedEvent, ProbeResult
from telemetra.operations.intake import Intake
from telemetra.sources.base import Incoming
from telemetra.sources.declared import DeclaredSource, declared_format, declared_source
from telemetra.sources.egress import EgressGuard
from telemetra.sources.outgoing import Outgoing
from telemetra.sources.parts import RunOptions

_MOST_CONTROLS = 20


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
    return ProbeResult(
        ok=error is None and bool(looked.event_count or looked.understood),
        error=error,
        seconds=round(time.monotonic() - started, 3),
        messages=looked.messages,
        event_count=looked.event_count,
        events=_judged(intake, looked.drafts),
        controls=looked.controls,
    )


def _judged(intake: Intake, drafts: list[Draft]) -> list[ProbedEvent]:
    _, _, rejected = intake.judge_drafts(drafts, workspace_id=DEFAULT_WORKSPACE, connector_id=None, session_id=None)
    problems = {refused.index: refused.detail for refused in rejected}
    return [
        ProbedEvent(
            event_id=draft.event_id,
            type=draft.type,
            stream_id=draft.stream_id,
            source=draft.source,
            timestamp=None if draft.timestamp is None else to_datetime(draft.timestamp),
            data=draft.data,
            problem=problems.get(index),
        )
        for index, draft in enumerate(drafts)
    ]


class _Look:
    """What was seen so far; of the events at most `limit` are kept."""

    def __init__(self, config: ConnectorConfig, outgoing: Outgoing, limit: int) -> None:
        self.connected = False
        self.messages = 0
        self.understood = 0
        self.event_count = 0
        self.drafts: list[Draft] = []
        self.controls: list[ProbedControl] = []
        self._format = declared_format(config)
        self._outgoing = outgoing
        self._limit = limit

    async def through(self, source: DeclaredSource) -> None:
        await source.open()
        self.connected = not source.polls
        while self.event_count < self._limit:
            messages = await source.read()
            self.connected = True
            for incoming in messages:
                for reply in self._take(incoming):
                    await source.reply(reply)
            if source.polls:
                return

    def _take(self, incoming: Incoming) -> tuple[str, ...]:
        reading = self._format.read(incoming.payload, incoming.received_at)
        self.messages += 1
        self.event_count += len(reading.drafts)
        self.understood += reading.control in ("ack", "heartbeat")
        self.drafts += reading.drafts[: self._limit - len(self.drafts)]
        if reading.control and len(self.controls) < _MOST_CONTROLS:
            detail = reading.detail or (incoming.payload[:200] if reading.control == "unknown" else "")
            text = detail if isinstance(detail, str) else detail.decode(errors="replace")
            self.controls.append(ProbedControl(reading.control, self._outgoing.mask(text)))
        return reading.replies
