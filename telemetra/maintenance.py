"""What time demands of the tables: partitions made ahead, old ones dropped, the log trimmed."""

from __future__ import annotations

import asyncio

import structlog

from telemetra.clock import Clock
from telemetra.errors import TelemetraError
from telemetra.eventlog.base import EventLog
from telemetra.model.window import MINUTE
from telemetra.settings import Settings
from telemetra.store.archive import PartitionMaker, days_ahead, drop_partitions
from telemetra.store.database import Database
from telemetra.store.status import pipeline_status
from telemetra.store.websocket_batches import delete_batches

EVERY_SECONDS = 600
_HOUR = 60 * MINUTE
_DAY = 24 * _HOUR

_log = structlog.get_logger(__name__)


class Maintenance:
    """`once` does what is due; `run` does so every ten minutes until cancelled. Any process may run it."""

    def __init__(
        self, settings: Settings, database: Database, log: EventLog, partitions: PartitionMaker, clock: Clock
    ) -> None:
        self._settings = settings
        self._database = database
        self._log = log
        self._partitions = partitions
        self._clock = clock

    async def once(self) -> None:
        now = self._clock()
        await self._partitions.make_days(self._database, days_ahead(now))
        dropped = await drop_partitions(self._database, now - self._settings.retention_events_days * _DAY)
        self._partitions.forget(dropped)
        await delete_batches(self._database, now - self._settings.retention_events_days * _DAY)
        needs = (await pipeline_status(self._database)).needs
        trimmed = await self._log.trim(needs, now - self._settings.log_retention_hours * _HOUR)
        if dropped or trimmed:
            _log.info("maintenance", days_dropped=[day.isoformat() for day in dropped], log_items_trimmed=trimmed)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.once()
            except TelemetraError as error:
                _log.warning("maintenance_failed", error=str(error))
