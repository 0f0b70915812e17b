"""Whether the keys at hand read what is stored, and encrypting it again with the newest one while servers run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from telemetra.errors import Fatal, Unreadable
from telemetra.store.connectors import SEALED
from telemetra.store.database import Database, Row
from telemetra.store.vault import Vault, key_id_of

_PAGE = 500
_COLUMNS = "connector_id, headers_encrypted, query_params_encrypted, credentials_encrypted"
_SELECT = f"SELECT {_COLUMNS} FROM api_connectors WHERE connector_id > %s ORDER BY connector_id LIMIT {_PAGE}"  # noqa: S608 - constants
_SELECT_ONE = f"SELECT {_COLUMNS} FROM api_connectors WHERE connector_id = %s"  # noqa: S608 - constants
# Only where nobody has changed it meanwhile: no lock is held between reading and writing.
_REPLACE = """
    UPDATE api_connectors SET headers_encrypted = %(headers)s, query_params_encrypted = %(query_params)s,
        credentials_encrypted = %(credentials)s
    WHERE connector_id = %(connector_id)s AND headers_encrypted IS NOT DISTINCT FROM %(old_headers)s
        AND query_params_encrypted IS NOT DISTINCT FROM %(old_query_params)s
        AND credentials_encrypted IS NOT DISTINCT FROM %(old_credentials)s
"""


class Rotation(msgspec.Struct):
    """How many connectors were encrypted again, had the newest key already, and could not be read (said why)."""

    encrypted: int = 0
    current: int = 0
    unreadable: list[str] = []


async def check_keys(database: Database, vault: Vault) -> list[str]:
    """Raises `Fatal` when a key is missing that something stored needs.

    Returns a line for each value that its key is there for and that was changed all the same: a damaged connector does
    not start, and does not keep the others from it.
    """
    damaged: list[str] = []
    missing: dict[str, list[str]] = {}
    async for row in _rows(database):
        for field, sealed in _sealed(row).items():
            try:
                vault.open(sealed, connector_id=row["connector_id"], field=field)
            except Unreadable as error:
                if error.key_id in vault.key_ids:
                    damaged.append(str(error))
                else:
                    missing.setdefault(error.key_id, []).append(row["connector_id"])
    if missing:
        needed = "; ".join(
            f"{key_id} for {len(set(found))} connectors, {found[0]} among them" for key_id, found in missing.items()
        )
        raise Fatal(
            f"stored credentials cannot be decrypted, a key is missing: {needed} (known keys:"
            f" {', '.join(vault.key_ids) or 'none'}); add it to ENCRYPTION_KEYS or restore the key file"
        )
    return damaged


async def rotate_keys(database: Database, vault: Vault) -> Rotation:
    """Encrypts everything stored with the vault's first key, row by row; may be repeated and broken off at any time.

    Readers need both keys until it is done. What cannot be read is left as it is.
    """
    rotation = Rotation()
    async for row in _rows(database):
        await _rotate(database, vault, row, rotation)
    return rotation


async def _rotate(database: Database, vault: Vault, row: Row | None, rotation: Rotation) -> None:
    while row is not None:  # else it was deleted meanwhile
        sealed, connector_id = _sealed(row), row["connector_id"]
        if all(key_id_of(each) in vault.key_ids[:1] for each in sealed.values()):
            rotation.current += 1
            return
        values: dict[str, Any] = {"connector_id": connector_id}
        try:
            for field in SEALED:
                old = values[f"old_{field}"] = sealed.get(field)
                opened = None if old is None else vault.open(old, connector_id=connector_id, field=field)
                values[field] = None if old is None else vault.seal(opened, connector_id=connector_id, field=field)
        except Unreadable as error:
            rotation.unreadable.append(str(error))
            return
        if await database.execute(_REPLACE, values):
            rotation.encrypted += 1
            return
        row = await database.fetch_one(_SELECT_ONE, (connector_id,))  # it was changed meanwhile


async def _rows(database: Database) -> AsyncIterator[Row]:
    after = ""
    while rows := await database.fetch_all(_SELECT, (after,)):
        for row in rows:
            yield row
        after = rows[-1]["connector_id"]


def _sealed(row: Row) -> dict[str, bytes]:
    return {field: bytes(sealed) for field in SEALED if (sealed := row[f"{field}_encrypted"]) is not None}
