"""What became of everything that was received."""

from __future__ import annotations

import msgspec

from telemetra.model.times import to_datetime
from telemetra.operations.models import Ledger, LedgerCounts, LedgerRow
from telemetra.operations.services import Services
from telemetra.store.ledger import read_ledger

MAX_ROWS = 10_000


async def get_ledger(
    services: Services, workspace_id: str, start: int | None, end: int | None, source: str | None
) -> Ledger:
    """The newest rows, at most MAX_ROWS, and the total over all of [start, end] (microseconds of arrival)."""
    minutes, total = await read_ledger(
        services.database, workspace_id, limit=MAX_ROWS, start=start, end=end, source=source
    )
    rows = [LedgerRow(**msgspec.structs.asdict(minute) | {"minute": to_datetime(minute.minute)}) for minute in minutes]
    return Ledger(rows, LedgerCounts(**msgspec.structs.asdict(total)))
