"""A pipeline over a real database, driven by hand: no thread, no waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telemetra.clock import system_clock
from telemetra.engine.engine import EngineSettings
from telemetra.eventlog.postgres import PostgresLog
from telemetra.live.base import Publication
from telemetra.model.event import Event, Rejection, StreamKey, in_runs
from telemetra.model.moment import Moment
from telemetra.moments.stream import MomentDetectors
from telemetra.observability import Metrics
from telemetra.pipeline import Pipeline, PipelineSettings, Ports
from telemetra.store.archive import PartitionMaker
from telemetra.store.checkpoint import CheckpointStore, Owner
from telemetra.store.database import Database
from telemetra.store.moment_settings import SettingsBook
from telemetra.tracing import Tracer
from tests.support.engine import REGISTRY


class Published:
    """A relay that keeps what it was told."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []

    def publish(self, publication: Publication) -> None:
        self.publications.append(publication)

    def subscribe(self, deliver: object) -> None:
        raise NotImplementedError


class DrivenPipeline:
    """`feed` appends to the log, `catch_up` processes it to its end, whatever goes wrong on the way."""

    def __init__(self, database: Database, *, read_items: int = 1000) -> None:
        self.database = database
        self.log = PostgresLog(database)
        self.store = CheckpointStore(database, REGISTRY)
        self.book = SettingsBook(database)
        self.relay = Published()
        self.invalidated: list[StreamKey] = []
        self._partitions = PartitionMaker()
        self._settings = PipelineSettings(
            EngineSettings(), read_items=read_items, tick_seconds=0.0, settings_seconds=0.0
        )

    async def owner(self) -> Owner:
        return await self.store.take_over(0, "test")

    def pipeline(self, owner: Owner) -> Pipeline:
        async def invalidate(changed: Sequence[StreamKey]) -> None:
            self.invalidated += changed

        async def no_moments(since: int) -> list[Moment]:
            return []

        ports = Ports(
            log=self.log,
            store=self.store,
            settings=self.book,
            relay=self.relay,
            invalidate=invalidate,
            prepare=lambda times: self._partitions.make(self.database, times),
            recent_moments=no_moments,
        )
        return Pipeline(
            owner,
            ports,
            REGISTRY,
            lambda kind, *key: MomentDetectors(kind, *key, self.book.of(*key)),
            self._settings,
            clock=system_clock,
            metrics=Metrics(),
            tracer=Tracer(),
        )

    async def feed(self, items: Sequence[Event | Rejection]) -> None:
        await self.log.append(in_runs(items))

    async def catch_up(self, pipeline: Pipeline | None = None) -> Pipeline:
        """Run steps until the log's end is applied."""
        pipeline = pipeline or self.pipeline(await self.owner())
        end = (await self.log.position()).next
        for _ in range(200):
            await pipeline.turn()
            if pipeline.applied == end:
                return pipeline
        raise AssertionError(f"the pipeline stays at {pipeline.applied} of {end}")

    async def rows(
        self, table: str = "chat_summary_minute", *, without: Sequence[str] = ("processed_at",)
    ) -> list[Any]:
        rows = await self.database.fetch_all(f"SELECT * FROM {table}")  # type: ignore[arg-type]
        kept = [{name: value for name, value in row.items() if name not in without} for row in rows]
        return sorted(kept, key=repr)

    async def ledger(self) -> dict[str, int]:
        names = ("received", "counted", "duplicate", "late", "rejected", "dead")
        columns = ", ".join(f"coalesce(sum({name}), 0)::integer AS {name}" for name in names)
        row = await self.database.fetch_one(f"SELECT {columns} FROM ledger_minute")  # type: ignore[arg-type]
        assert row is not None
        return {name: count for name, count in row.items() if count}
