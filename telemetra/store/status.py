"""How the pipeline and the database are doing: what health, readiness and metrics are made of."""

from __future__ import annotations

import msgspec

from telemetra.model.times import to_microseconds
from telemetra.store.database import Database, micros

_PIPELINE = """
    SELECT epoch::text AS epoch, first, next, applied, needs, owner_epoch, owner, updated_at, recomputed_at,
        (SELECT appended_at FROM log_records
            WHERE log_records.partition = log_head.partition AND next_offset > applied
            ORDER BY next_offset LIMIT 1) AS waiting_since
    FROM log_head JOIN pipeline_offsets USING (partition) WHERE partition = %s
"""
_DATABASE = """
    SELECT pg_database_size(current_database()) AS size_bytes, current_setting('server_version') AS version,
        current_setting('max_connections')::integer AS max_connections,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections
"""


class PipelineStatus(msgspec.Struct):
    """Where the log ends and how far the pipeline has come; times in microseconds.

    `waiting_since`: when the oldest item not yet applied was appended, None when everything is applied: the lag is the
    time since then. `checkpoint_at`: the last checkpoint or change of owner.
    """

    epoch: str
    first: int
    next: int
    applied: int
    needs: int
    owner_epoch: int
    owner: str | None
    checkpoint_at: int
    waiting_since: int | None
    recomputed_at: int | None

    @property
    def lag_items(self) -> int:
        return self.next - self.applied


class DatabaseStatus(msgspec.Struct):
    size_bytes: int
    version: str
    connections: int
    max_connections: int


async def pipeline_status(database: Database, partition: int = 0) -> PipelineStatus:
    row = await database.fetch_one(_PIPELINE, (partition,))
    assert row is not None, "migrations make the rows of partition 0"
    row["checkpoint_at"] = to_microseconds(row.pop("updated_at"))
    row["waiting_since"] = micros(row["waiting_since"])
    row["recomputed_at"] = micros(row["recomputed_at"])
    return PipelineStatus(**row)


async def database_status(database: Database) -> DatabaseStatus:
    row = await database.fetch_one(_DATABASE)
    assert row is not None, "a SELECT without FROM has a row"
    return DatabaseStatus(**row)
