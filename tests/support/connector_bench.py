"""Connectors that run, over a real database and log, against a venue on loopback that does what a test tells it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from telemetra.clock import system_clock
from telemetra.eventlog.postgres import PostgresLog
from telemetra.model.connector import Connector
from telemetra.model.event import Event, one_by_one
from telemetra.observability import Metrics
from telemetra.operations.connector_fields import read_config
from telemetra.operations.intake import Intake, IntakeLimits
from telemetra.sources.egress import EgressGuard
from telemetra.sources.manager import ConnectorManager
from telemetra.sources.parts import Parts, RunOptions
from telemetra.store import connectors as store
from telemetra.store.connector_status import ConnectorStatus, get_status
from telemetra.store.database import Database
from telemetra.store.gaps import Gap, gaps_of_connector
from tests.support.engine import REGISTRY

PATIENCE_SECONDS = 20.0
QUICK = RunOptions(batch_seconds=0.02, healthy_seconds=0.0, timeout_seconds=3.0, stale_after_seconds=30.0)
PATHS = {"instrument": "s", "price": "p", "size": "v", "trade_id": "i", "timestamp": "t", "sequence": "q"}
GENERIC: dict[str, Any] = {"format": "generic", "exchange_name": "venue", "mapping": {"paths": PATHS}}


class PlainSealer:
    """Seals nothing: how secrets are kept is the vault's affair."""

    def seal(self, value: Any, *, connector_id: str, field: str) -> bytes:
        return json.dumps(value).encode()

    def open(self, sealed: bytes, *, connector_id: str, field: str) -> Any:
        return json.loads(sealed)


SEALER = PlainSealer()


def trade(number: int, *, instrument: str = "BTC-USDT", at: int | None = None, **fields: Any) -> str:
    """A trade as the venue of these tests says it; `at` in microseconds (default: now)."""
    time_ms = (system_clock() if at is None else at) // 1000
    said = {"s": instrument, "p": "1.5", "v": "2", "i": number, "t": time_ms, "q": number}
    return json.dumps(said | fields)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = PATIENCE_SECONDS) -> Any:
    """Waits until the condition gives something true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {condition}"
        await asyncio.sleep(0.02)


class Venue:
    """A WebSocket server. `script` is run for each connection; `opened` are the times of the handshakes."""

    def __init__(self, script: Callable[[ServerConnection, int], Awaitable[None]]) -> None:
        self.port = 0
        self.heard: list[str] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.opened: list[float] = []
        self._script = script

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/feed"

    async def meet(self, connection: ServerConnection) -> None:
        number = len(self.opened)
        self.opened.append(time.monotonic())
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.headers.append(dict(connection.request.headers.raw_items()))
        listener = asyncio.create_task(self._listen(connection))
        try:
            await self._script(connection, number)
        finally:
            listener.cancel()

    async def _listen(self, connection: ServerConnection) -> None:
        async for message in connection:
            self.heard.append(message if isinstance(message, str) else message.decode())


@asynccontextmanager
async def venue(script: Callable[[ServerConnection, int], Awaitable[None]], **options: Any) -> AsyncIterator[Venue]:
    made = Venue(script)
    async with serve(made.meet, "127.0.0.1", 0, ping_interval=None, **options) as server:
        made.port = next(iter(server.sockets)).getsockname()[1]
        yield made


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


class Bench:
    """One process's manager, made of the real parts."""

    def __init__(
        self, database: Database, options: RunOptions = QUICK, *, owner: str = "one", lease: float = 2.0
    ) -> None:
        self.database = database
        self.log = PostgresLog(database)
        self.metrics = Metrics()
        self.intake = Intake(self.log, REGISTRY, IntakeLimits(), system_clock, self.metrics)
        self.guard = EgressGuard(["127.0.0.1"])
        self.invalidated: list[tuple[str, Sequence[str]]] = []
        self.parts = Parts(database, self.intake, self.guard, system_clock, self.metrics, self._invalidate, options)
        self.manager = ConnectorManager(self.parts, SEALER, owner, lease_seconds=lease, poll_seconds=0.2)

    async def _invalidate(self, workspace_id: str, streams: Sequence[str]) -> None:
        self.invalidated.append((workspace_id, streams))

    async def start(self, **fields: Any) -> Connector:
        """A connector that is wanted to run."""
        config = read_config({"name": "test"} | GENERIC | fields)
        made = await store.create_connector(self.database, SEALER, "default", config, desired_state="running")
        self.manager.nudge()
        return made

    async def stop(self, connector: Connector) -> None:
        await store.set_desired_state(self.database, SEALER, "default", connector.connector_id, "stopped")
        self.manager.nudge()

    async def start_again(self, connector: Connector) -> None:
        await store.set_desired_state(self.database, SEALER, "default", connector.connector_id, "running")
        self.manager.nudge()

    async def status(self, connector: Connector) -> ConnectorStatus:
        found = await get_status(self.database, "default", connector.connector_id)
        assert found is not None
        return found

    async def in_state(self, connector: Connector, state: str, seconds: float = PATIENCE_SECONDS) -> ConnectorStatus:
        async def there() -> ConnectorStatus | None:
            status = await self.status(connector)
            return status if status.status == state else None

        found = await until(there, seconds)
        assert isinstance(found, ConnectorStatus)
        return found

    async def given_back(self, connector: Connector) -> None:
        async def there() -> bool:
            return (await self.status(connector)).owner is None

        await until(there)

    async def with_error(self, connector: Connector, error: str) -> None:
        async def there() -> bool:
            return error in [entry["error"] for entry in (await self.status(connector)).error_log]

        await until(there)

    async def events(self) -> list[Event]:
        items = one_by_one((await self.log.read(0, 100_000)).items)
        return [item for item in items if isinstance(item, Event)]

    async def with_events(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[Event]:
        async def there() -> list[Event] | None:
            events = await self.events()
            return events if len(events) >= count else None

        found = await until(there, seconds)
        assert isinstance(found, list)
        return found

    async def having_read(self, count: int) -> None:
        """Waits until the connectors that run here have read so many messages, stored or not."""

        async def read() -> bool:
            return sum(held.run._performance.messages for held in self.manager._held.values()) >= count

        await until(read)

    async def gaps(self, connector: Connector) -> list[Gap]:
        return await gaps_of_connector(self.database, "default", connector.connector_id)


@asynccontextmanager
async def bench(database: Database, options: RunOptions = QUICK, **more: Any) -> AsyncIterator[Bench]:
    made = Bench(database, options, **more)
    running = asyncio.create_task(made.manager.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await made.guard.close()
