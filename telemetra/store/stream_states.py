"""What the engine keeps of streams, as it is written with every checkpoint and read back with a stream's next event.

Binary arrays and not the JSON of upsert.py: most of it is two opaque values a stream, for some ten thousand bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import AsyncConnection

from telemetra.model.event import StreamKey
from telemetra.model.stream import StreamState
from telemetra.model.times import to_datetime
from telemetra.store.database import Database

# Without detectors those that are stored stay.
_SAVE = """
    INSERT INTO stream_state
        (workspace_id, stream_id, final_until, watermark, observed_until, state, detectors)
    SELECT * FROM unnest(
        %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[], %b::bytea[], %b::bytea[]
    )
    ON CONFLICT (workspace_id, stream_id) DO UPDATE SET
        final_until = EXCLUDED.final_until,
        watermark = EXCLUDED.watermark,
        observed_until = EXCLUDED.observed_until,
        state = EXCLUDED.state,
        detectors = coalesce(EXCLUDED.detectors, stream_state.detectors)
"""
_LOAD = """
    SELECT state, detectors FROM stream_state JOIN unnest(%s::text[], %s::text[]) AS wanted (workspace_id, stream_id)
    USING (workspace_id, stream_id)
"""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StreamState)


async def save_states(connection: AsyncConnection[Any], states: Sequence[StreamState]) -> None:
    """Write states, at most one of each stream, whose rows of `streams` are there."""
    if not states:
        return
    # Sorted, so that two writers lock rows in the same order.
    ordered = sorted(states, key=lambda state: (state.workspace_id, state.stream_id))
    rows = [
        (
            state.workspace_id,
            state.stream_id,
            to_datetime(state.final_until),
            to_datetime(state.watermark),
            to_datetime(state.observed_until),
            _encoder.encode(msgspec.structs.replace(state, detectors=None)),
            state.detectors,
        )
        for state in ordered
    ]
    await connection.execute(_SAVE, [list(column) for column in zip(*rows, strict=True)])


async def load_states(database: Database, keys: Sequence[StreamKey]) -> list[StreamState]:
    """The stored states of the streams that have one."""
    workspaces, streams = zip(*keys, strict=True)
    return [
        msgspec.structs.replace(_decoder.decode(row["state"]), detectors=row["detectors"])
        for row in await database.fetch_all(_LOAD, (list(workspaces), list(streams)))
    ]
