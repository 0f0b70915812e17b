"""When a run tries again, by a clock that jumps to what is waited for: ten minutes of refusals, in no time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast

from telemetra.model.connector import Connector, Position
from telemetra.observability import Metrics
from telemetra.operations.connector_fields import read_config
from telemetra.sources.base import Incoming, SourceClosed
from telemetra.sources.parts import Parts, RunOptions
from telemetra.sources.run import ConnectorRun

SERIES = (1, 2, 4, 8, 16, 30)


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and then is that of the next timer."""

    def __init__(self) -> None:
        self._at = 0.0
        super().__init__()

    def time(self) -> float:
        return self._at

    def _run_once(self) -> None:
        waiting = self._scheduled  # type: ignore[attr-defined]
        if not self._ready and waiting:  # type: ignore[attr-defined]
            self._at = max(self._at, waiting[0].when())
        super()._run_once()  # type: ignore[misc]


class Refusing:
    """A source that nobody can open, but for the attempts in `opens`, which hold for so many seconds with data."""

    polls = False
    position: Position | None = None

    def __init__(self, opens: dict[int, float] | None = None, retry_after: float = 0.0) -> None:
        self.tried: list[float] = []
        self._opens = opens or {}
        self._retry_after = retry_after
        self._until = 0.0

    async def open(self) -> None:
        now = asyncio.get_running_loop().time()
        self.tried.append(now)
        holds = self._opens.get(len(self.tried) - 1)
        if holds is None:
            raise SourceClosed("the connection was refused", retry_after_seconds=self._retry_after)
        self._until = now + holds

    async def read(self) -> list[Incoming]:
        await asyncio.sleep(1.0)
        if asyncio.get_running_loop().time() > self._until:
            raise SourceClosed("the connection was cut")
        return [Incoming('{"s": "BTC-USDT", "p": 1, "q": 1}', round(asyncio.get_running_loop().time() * 1e6))]

    def taken(self, understood: bool = True) -> Position | None:
        return None

    async def reply(self, text: str) -> None: ...

    async def close(self) -> None: ...

    def interrupt(self, reason: str) -> None: ...


def attempts(source: Refusing, seconds: float) -> list[float]:
    """The pauses between the attempts of so many seconds."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        parts = Parts(
            database=cast(Any, None),  # a run asks it for nothing until it has a gap to store
            intake=cast(Any, None),
            guard=cast(Any, None),
            clock=lambda: round(loop.time() * 1e6),
            metrics=Metrics(),
            invalidate=cast(Any, None),
            options=RunOptions(),
        )
        config = read_config({"name": "n", "api_url": "ws://venue.example/", "format": "generic"})
        connector = Connector(
            connector_id="conn_1",
            workspace_id="default",
            config=config,
            desired_state="running",
            status="inactive",
            revision=1,
            created_at=0,
            updated_at=0,
        )
        made = ConnectorRun(connector, None, parts)
        made._source = cast(Any, source)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await made._serve()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(run())
    return [later - earlier for earlier, later in zip(source.tried, source.tried[1:], strict=False)]


def test_a_server_that_refuses_for_ten_minutes_is_asked_ever_more_rarely() -> None:
    pauses = attempts(Refusing(), 600)
    assert len(pauses) >= 20
    for number, pause in enumerate(pauses):
        most = SERIES[min(number, len(SERIES) - 1)]
        assert most / 2 <= pause <= most, pauses
    assert len({round(pause, 3) for pause in pauses[5:]}) > 10, "not all the same: many connectors spread out"
    assert len(pauses) <= 45, "never a storm"


def test_a_connection_that_holds_for_a_moment_does_not_begin_the_series_anew() -> None:
    pauses = attempts(Refusing({6: 5.0}), 300)
    assert pauses[6] >= 15 + 5


def test_sustained_health_begins_the_series_anew() -> None:
    pauses = attempts(Refusing({6: 120.0}), 400)
    assert pauses[6] <= 120 + 1 + 1 + 0.01
    assert pauses[7] <= 2


def test_the_wait_that_the_source_asks_for_is_kept() -> None:
    assert min(attempts(Refusing(retry_after=45.0), 600)) >= 45
