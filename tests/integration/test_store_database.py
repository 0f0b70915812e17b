"""The pool against a real server: session settings, errors, a server that goes away."""

from __future__ import annotations

from telemetra.store.database import Database


async def test_sessions_speak_utc(database: Database) -> None:
    row = await database.fetch_one(
        "SELECT current_setting('timezone') AS zone, current_setting('application_name') AS name"
    )
    assert row == {"zone": "UTC", "name": "test"}
