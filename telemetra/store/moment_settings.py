"""Overrides of the settings of detection: of a workspace and of its streams."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from telemetra.model.event import StreamKey
from telemetra.moments.settings import MomentSettings, apply_overrides
from telemetra.store.database import Database

WHOLE_WORKSPACE = ""
"""Stands for the stream_id in the row of the whole workspace; no stream has this id."""

_READ = """
    SELECT stream_id, overrides FROM moment_settings WHERE workspace_id = %s AND stream_id IN (%s, %s)
"""
_ALL = "SELECT workspace_id, stream_id, overrides FROM moment_settings"
_WRITE = """
    INSERT INTO moment_settings (workspace_id, stream_id, overrides) VALUES (%s, %s, %s)
    ON CONFLICT (workspace_id, stream_id) DO UPDATE SET overrides = excluded.overrides, updated_at = clock_timestamp()
"""
_REMOVE = "DELETE FROM moment_settings WHERE workspace_id = %s AND stream_id = %s"
_REVISION = "SELECT revision FROM moment_settings_revision"
# The lock on the only row makes the order of revisions the order of commits: a reader never misses one.
_NEXT_REVISION = "UPDATE moment_settings_revision SET revision = revision + 1"

Overrides = dict[str, Any]


async def read_overrides(database: Database, workspace_id: str, stream_id: str) -> tuple[Overrides, Overrides]:
    """Those of the workspace, and those of the stream (empty where there are none)."""
    rows = await database.fetch_all(_READ, (workspace_id, WHOLE_WORKSPACE, stream_id))
    found = {row["stream_id"]: row["overrides"] for row in rows}
    return found.get(WHOLE_WORKSPACE, {}), found.get(stream_id, {}) if stream_id != WHOLE_WORKSPACE else {}


async def write_overrides(database: Database, workspace_id: str, stream_id: str, overrides: Overrides) -> None:
    """Replace the overrides of a stream, or of the whole workspace."""
    async with database.transaction() as connection:
        await connection.execute(_NEXT_REVISION)
        await connection.execute(_WRITE, (workspace_id, stream_id, Jsonb(overrides)))


async def remove_overrides(database: Database, workspace_id: str, stream_id: str) -> None:
    """Take them away; there may be none."""
    async with database.transaction() as connection:
        await connection.execute(_NEXT_REVISION)
        await connection.execute(_REMOVE, (workspace_id, stream_id))


class SettingsBook:
    """The settings of detection of every stream, as of the last `refresh`; before the first: the default ones.

    Between two refreshes it does not change, so all events of one step are processed under the same settings.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._revision: int | None = None
        self._overrides: dict[StreamKey, Overrides] = {}

    def of(self, workspace_id: str, stream_id: str) -> MomentSettings:
        levels = (workspace_id, WHOLE_WORKSPACE), (workspace_id, stream_id)
        return apply_overrides(*(self._overrides[level] for level in levels if level in self._overrides))

    async def refresh(self) -> bool:
        """Read what was changed; returns whether anything was. One short query as long as nothing is."""
        row = await self._database.fetch_one(_REVISION)
        assert row is not None, "migrations make the row"
        if row["revision"] == self._revision:
            return False
        # At least as new as the revision; if newer, the next refresh reads it once more.
        rows = await self._database.fetch_all(_ALL)
        self._overrides = {(row["workspace_id"], row["stream_id"]): row["overrides"] for row in rows}
        self._revision = row["revision"]
        return True
