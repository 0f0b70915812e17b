"""Declared connectors: what users set. Headers, query parameters and credentials are sealed before they get here.

How a connector runs is in `connector_status`.
"""

from __future__ import annotations

import secrets
from typing import Any, Protocol

import msgspec
from psycopg.types.json import Jsonb

from telemetra.errors import NotFound
from telemetra.model.connector import Connector, ConnectorConfig, DesiredState
from telemetra.model.times import to_microseconds
from telemetra.store.database import Database, Row

SEALED = ("headers", "query_params", "credentials")
"""The fields that are stored encrypted, as `<field>_encrypted`."""

_OPTIONS = (
    "auth_layout",
    "ping",
    "format",
    "mapping",
    "cursor",
    "time_window",
    "backfill",
    "rotate_after",
    "stale_after",
    "max_reconnect_attempts",
)
_COLUMNS = ("name", "api_url", "http_method", "auth_type", "polling_interval", "protocol_type", "exchange_name")

_INSERT = """
    WITH made AS (
        INSERT INTO api_connectors (connector_id, workspace_id, name, api_url, http_method, headers_encrypted,
            query_params_encrypted, auth_type, credentials_encrypted, body, subscribe_messages, polling_interval,
            protocol_type, exchange_name, options, desired_state)
        VALUES (%(connector_id)s, %(workspace_id)s, %(name)s, %(api_url)s, %(http_method)s, %(headers)s,
            %(query_params)s, %(auth_type)s, %(credentials)s, %(body)s, %(subscribe_messages)s, %(polling_interval)s,
            %(protocol_type)s, %(exchange_name)s, %(options)s, %(desired_state)s)
        RETURNING *
    ), status AS (
        INSERT INTO connector_status (connector_id, workspace_id) SELECT connector_id, workspace_id FROM made
    )
    SELECT * FROM made
"""
_UPDATE = """
    UPDATE api_connectors SET name = %(name)s, api_url = %(api_url)s, http_method = %(http_method)s,
        headers_encrypted = %(headers)s, query_params_encrypted = %(query_params)s, auth_type = %(auth_type)s,
        credentials_encrypted = %(credentials)s, body = %(body)s, subscribe_messages = %(subscribe_messages)s,
        polling_interval = %(polling_interval)s, protocol_type = %(protocol_type)s, exchange_name = %(exchange_name)s,
        options = %(options)s, revision = revision + 1, updated_at = clock_timestamp(),
        asks_since = CASE WHEN %(asks_anew)s THEN revision + 1 ELSE asks_since END
    WHERE workspace_id = %(workspace_id)s AND connector_id = %(connector_id)s
    RETURNING *
"""
_ONE = "SELECT * FROM api_connectors WHERE workspace_id = %s AND connector_id = %s"
_ANY = "SELECT * FROM api_connectors WHERE connector_id = %s"
_LIST = """
    SELECT * FROM api_connectors WHERE workspace_id = %s ORDER BY created_at DESC, connector_id LIMIT %s OFFSET %s
"""
_DELETE = "DELETE FROM api_connectors WHERE workspace_id = %s AND connector_id = %s"
# A start after an error is a new attempt even where the desired state stays as it is: hence the revision.
_DESIRE = """
    UPDATE api_connectors SET desired_state = %(desired)s, updated_at = clock_timestamp(),
        revision = revision + (desired_state <> %(desired)s OR status = 'error')::int
    WHERE workspace_id = %(workspace_id)s AND connector_id = %(connector_id)s
    RETURNING *
"""


class Sealer(Protocol):
    """Encrypts a value for one field of one connector, and back. The vault is one."""

    def seal(self, value: Any, *, connector_id: str, field: str) -> bytes: ...

    def open(self, sealed: bytes, *, connector_id: str, field: str) -> Any: ...


async def create_connector(
    database: Database,
    sealer: Sealer,
    workspace_id: str,
    config: ConnectorConfig,
    *,
    desired_state: DesiredState = "stopped",
) -> Connector:
    """Store a new connector under a new id."""
    connector_id = f"conn_{secrets.token_hex(6)}"
    values = _values(sealer, workspace_id, connector_id, config) | {"desired_state": desired_state}
    row = await database.fetch_one(_INSERT, values)
    assert row is not None, "INSERT … RETURNING gives the row"
    return connector_of(row, sealer)


async def get_connector(database: Database, sealer: Sealer, workspace_id: str, connector_id: str) -> Connector:
    """Raises `NotFound`; what cannot be decrypted raises the sealer's error."""
    return _found(await database.fetch_one(_ONE, (workspace_id, connector_id)), connector_id, sealer)


async def load_connector(database: Database, sealer: Sealer, connector_id: str) -> Connector | None:
    """For whoever runs it: whatever its workspace; None when it was deleted."""
    row = await database.fetch_one(_ANY, (connector_id,))
    return None if row is None else connector_of(row, sealer)


async def list_connectors(
    database: Database, sealer: Sealer, workspace_id: str, *, limit: int = 100, offset: int = 0
) -> list[Connector]:
    """Newest first."""
    rows = await database.fetch_all(_LIST, (workspace_id, limit, offset))
    return [connector_of(row, sealer) for row in rows]


async def update_connector(
    database: Database,
    sealer: Sealer,
    workspace_id: str,
    connector_id: str,
    config: ConnectorConfig,
    *,
    asks_anew: bool = True,
) -> Connector:
    """Replace the whole declaration; a running connector begins anew with it. Raises `NotFound`.

    `asks_anew` False: it asks for the same as before, so that what was polled until now need not be asked for again.
    """
    values = _values(sealer, workspace_id, connector_id, config) | {"asks_anew": asks_anew}
    return _found(await database.fetch_one(_UPDATE, values), connector_id, sealer)


async def delete_connector(database: Database, workspace_id: str, connector_id: str) -> bool:
    """Whether there was one. What it fetched stays in the archive."""
    return bool(await database.execute(_DELETE, (workspace_id, connector_id)))


async def set_desired_state(
    database: Database, sealer: Sealer, workspace_id: str, connector_id: str, desired: DesiredState
) -> Connector:
    """Start or stop: the owner sees it within its poll. Raises `NotFound`."""
    values = {"workspace_id": workspace_id, "connector_id": connector_id, "desired": desired}
    return _found(await database.fetch_one(_DESIRE, values), connector_id, sealer)


def connector_of(row: Row, sealer: Sealer) -> Connector:
    """A row of `api_connectors`, decrypted."""
    connector_id = row["connector_id"]
    fields = {name: row[name] for name in _COLUMNS} | {
        "body": row["body"],
        "subscribe_messages": row["subscribe_messages"],
    }
    for field in SEALED:
        sealed = row[f"{field}_encrypted"]
        if sealed is not None:
            fields[field] = sealer.open(bytes(sealed), connector_id=connector_id, field=field)
    return Connector(
        connector_id=connector_id,
        workspace_id=row["workspace_id"],
        config=msgspec.convert(fields | row["options"], ConnectorConfig),
        desired_state=row["desired_state"],
        status=row["status"],
        revision=row["revision"],
        asks_since=row["asks_since"],
        created_at=to_microseconds(row["created_at"]),
        updated_at=to_microseconds(row["updated_at"]),
    )


def _found(row: Row | None, connector_id: str, sealer: Sealer) -> Connector:
    if row is None:
        raise NotFound(f"there is no connector {connector_id!r}")
    return connector_of(row, sealer)


def _values(sealer: Sealer, workspace_id: str, connector_id: str, config: ConnectorConfig) -> dict[str, Any]:
    fields = msgspec.to_builtins(config)
    sealed = {
        field: sealer.seal(fields[field], connector_id=connector_id, field=field) if fields[field] else None
        for field in SEALED
    }
    return (
        {name: fields[name] for name in _COLUMNS}
        | sealed
        | {
            "workspace_id": workspace_id,
            "connector_id": connector_id,
            "body": None if config.body is None else Jsonb(config.body),
            "subscribe_messages": Jsonb(config.subscribe_messages),
            "options": Jsonb({name: fields[name] for name in _OPTIONS if fields[name] is not None}),
        }
    )
