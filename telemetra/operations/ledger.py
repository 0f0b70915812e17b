"""What became of everything that was received."""

from __future__ import annotations

import msgspec

from telemetra.model.times import to_datetime
from telemetra.operations.models import (
    Ledger,
    LedgerCounts,
    LedgerRow,
    StreamLedger,
    StreamLedgerCounts,
    StreamLedgerRow,
)
from telemetra.operations.services import Services
from telemetra.operations.streams import find_stream
from telemetra.store.ledger import read_ledger, read_stream_ledger

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


async def get_stream_ledger(
    services: Services, workspace_id: str, stream_id: str, *, limit: int, start: int | None, end: int | None
) -> StreamLedger:
    """What was not counted of a stream, in [start, end] (microseconds of arrival). Raises NotFound."""
    await find_stream(services, workspace_id, stream_id, services.clock())
    minutes, total = await read_stream_ledger(
        services.database, workspace_id, stream_id, limit=limit, start=start, end=end
    )
    rows = [StreamLedgerRow(to_datetime(row.minute), row.duplicate, row.late) for row in minutes]
    return StreamLedger(rows, StreamLedgerCounts(total.duplicate, total.late))
