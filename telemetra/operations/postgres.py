"""How the database is."""

from __future__ import annotations

import time

from telemetra.operations.connector_models import PostgresStatus
from telemetra.operations.services import Services
from telemetra.store.status import database_status


async def status(services: Services) -> PostgresStatus:
    """Raises `Unavailable` when it does not answer."""
    started = time.monotonic()
    database = await database_status(services.database)
    return PostgresStatus(
        status="connected",
        mode="embedded" if services.settings.external_database_url() is None else "external",
        version=database.version,
        size_bytes=database.size_bytes,
        connections=database.connections,
        max_connections=database.max_connections,
        latency_ms=round((time.monotonic() - started) * 1000, 3),
    )
