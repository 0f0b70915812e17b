"""What the engine keeps of streams: read back as it was written, whatever of it was written last."""

from __future__ import annotations

import msgspec

from telemetra.model.stream import StreamInfo, StreamState
from telemetra.model.times import to_datetime
from telemetra.model.window import SECOND
from telemetra.store.database import Database
from telemetra.store.stream_states import load_states, save_states
from tests.support.rows import NOW, add_stream

LARGE = bytes(range(256)) * 100  # more than fits beside the row


def state(stream_id: str, detectors: bytes | None, *, later: int = 0) -> StreamState:
    at = NOW + later * SECOND + 1
    info = StreamInfo("broadcast", stream_id, last_event_at=at)
    return StreamState("default", stream_id, info, at, at - 1, at - 2, minute_z={at: None}, detectors=detectors)


async def saved(database: Database, *states: StreamState) -> list[StreamState]:
    """What is stored of streams a, b and c once `states` are written."""
    async with database.transaction() as connection:
        await save_states(connection, states)
    keys = [("default", stream_id) for stream_id in ("a", "b", "c")]
    return sorted(await load_states(database, keys), key=lambda stored: stored.stream_id)


async def test_detectors_stay_until_others_are_written(database: Database) -> None:
    for stream_id in ("a", "b"):
        await add_stream(database, stream_id)
    assert await saved(database) == []
    first = [state("a", None), state("b", None)]
    assert await saved(database, *first) == first
    second = [state("a", LARGE, later=10), state("b", None, later=10)]
    assert await saved(database, second[1], second[0]) == second
    third = [state("a", None, later=11), state("b", b"small", later=11)]
    assert await saved(database, *third) == [msgspec.structs.replace(third[0], detectors=LARGE), third[1]]
    rows = await database.fetch_all("SELECT watermark, final_until, observed_until FROM stream_state")
    times = [to_datetime(time) for time in (third[0].watermark, third[0].final_until, third[0].observed_until)]
    assert [list(row.values()) for row in rows] == [times, times]
