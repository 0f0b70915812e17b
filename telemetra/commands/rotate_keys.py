"""`telemetra rotate-keys`: stored credentials under the newest key, and what became of them in words."""

from __future__ import annotations

from collections.abc import Iterator

from telemetra.errors import Fatal
from telemetra.settings import Settings
from telemetra.store.database import Database
from telemetra.store.key_rotation import Rotation, rotate_keys
from telemetra.store.vault import make_vault


async def run(settings: Settings, conninfo: str) -> Rotation:
    """Raises `Fatal` when there is no key to encrypt with."""
    vault = make_vault(settings)
    if not vault.key_ids:
        raise Fatal("there is no key: set ENCRYPTION_KEYS, the newest key first")
    database = Database(conninfo, min_size=1, max_size=2, name="telemetra rotate-keys")
    await database.open()
    try:
        return await rotate_keys(database, vault)
    finally:
        await database.close()


def describe(rotation: Rotation) -> Iterator[str]:
    yield (
        f"{rotation.encrypted} connectors encrypted with the newest key, {rotation.current} had it already,"
        f" {len(rotation.unreadable)} cannot be read."
    )
    yield from rotation.unreadable
