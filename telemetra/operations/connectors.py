"""Connectors: declared, changed, started, stopped, tried out. What runs them looks at what is stored here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from telemetra.errors import Invalid, NotFound
from telemetra.model.connector import Connector as StoredConnector
from telemetra.model.connector import ConnectorConfig, DesiredState
from telemetra.model.times import to_datetime
from telemetra.operations.connector_checks import check_config
from telemetra.operations.connector_models import Connector, ConnectorStatus, Deleted, ProbeResult
from telemetra.operations.connector_secrets import Lenient, check_destinations, masked, unmask
from telemetra.operations.gaps import present_gap
from telemetra.operations.services import Services
from telemetra.store import connector_status as statuses
from telemetra.store import connectors as store
from telemetra.store.connector_status import ConnectorStatus as StoredStatus
from telemetra.store.connectors import SEALED
from telemetra.store.gaps import gaps_of_connector

GAPS_SHOWN = 20
PROBE_EVENTS = 10
PROBE_SECONDS = 10.0

_READ_ONLY = frozenset(Connector.__struct_fields__) - frozenset(ConnectorConfig.__struct_fields__)
"""Answers hold them beside the declaration; sent back with a change they are passed over."""


async def create(services: Services, workspace_id: str, fields: Mapping[str, Any]) -> Connector:
    """Store a declaration; with `desired_state` running it starts at once.

    Raises `Invalid` or `InvalidFields` naming every field that is wrong.
    """
    desired = _desired(fields.get("desired_state", "stopped"))
    declared = {name: value for name, value in fields.items() if name not in _READ_ONLY}
    config = check_config(unmask(declared, None), services.connectors.check)
    ports = services.connectors
    made = await store.create_connector(services.database, ports.sealer, workspace_id, config, desired_state=desired)
    ports.nudge()
    return _present(made, None)


async def list_all(services: Services, workspace_id: str, *, limit: int, offset: int) -> list[Connector]:
    """Newest first."""
    sealer = Lenient(services.connectors.sealer)
    rows = await store.list_connectors(services.database, sealer, workspace_id, limit=limit, offset=offset)
    known = await statuses.list_statuses(services.database, workspace_id)
    return [_present(row, known.get(row.connector_id), sealer) for row in rows]


async def get(services: Services, workspace_id: str, connector_id: str) -> Connector:
    """Raises `NotFound`."""
    sealer = Lenient(services.connectors.sealer)
    stored = await store.get_connector(services.database, sealer, workspace_id, connector_id)
    return _present(stored, await statuses.get_status(services.database, workspace_id, connector_id), sealer)


async def update(services: Services, workspace_id: str, connector_id: str, fields: Mapping[str, Any]) -> Connector:
    """Change the fields that are named; the others stay, and a mask keeps the stored value.

    A running connector begins anew. Raises `NotFound`, and as `create` does.
    """
    stored = await _stored(services, workspace_id, connector_id)
    config = _changed(services, stored.config, fields)
    ports = services.connectors
    changed = await store.update_connector(
        services.database,
        ports.sealer,
        workspace_id,
        connector_id,
        config,
        asks_anew=not config.asks_like(stored.config),
    )
    ports.nudge()
    return _present(changed, await statuses.get_status(services.database, workspace_id, connector_id))


async def delete(services: Services, workspace_id: str, connector_id: str) -> Deleted:
    """Raises `NotFound`. A running connector stops; what it fetched stays."""
    if not await store.delete_connector(services.database, workspace_id, connector_id):
        raise NotFound(f"There is no connector {connector_id!r}.")
    services.connectors.nudge()
    return Deleted(connector_id, True)


async def start(services: Services, workspace_id: str, connector_id: str) -> Connector:
    """Raises `NotFound`. What is wanted is stored: it is so after a restart too."""
    return await _desire(services, workspace_id, connector_id, "running")


async def stop(services: Services, workspace_id: str, connector_id: str) -> Connector:
    """Raises `NotFound`."""
    return await _desire(services, workspace_id, connector_id, "stopped")


async def status(services: Services, workspace_id: str, connector_id: str) -> ConnectorStatus:
    """Raises `NotFound`."""
    sealer = Lenient(services.connectors.sealer)
    stored = await store.get_connector(services.database, sealer, workspace_id, connector_id)
    now = await statuses.get_status(services.database, workspace_id, connector_id)
    if now is None:
        raise NotFound(f"There is no connector {connector_id!r}.")
    gaps = await gaps_of_connector(services.database, workspace_id, connector_id, limit=GAPS_SHOWN)
    streams = await statuses.streams_of(services.database, connector_id)
    return ConnectorStatus(
        connector_id=connector_id,
        status=now.status,
        desired_state=stored.desired_state,
        stale=now.stale,
        session_id=now.session_id,
        started_at=_time(now.started_at),
        last_message_timestamp=_time(now.last_message_at),
        last_event_timestamp=_time(now.last_event_at),
        message_count=now.message_count,
        reconnect_attempts=now.reconnect_attempts,
        last_error=sealer.unreadable.get(connector_id, now.last_error),
        error_log=now.error_log,
        performance_metrics=now.performance_metrics,
        streams=streams,
        gaps=[present_gap(gap) for gap in gaps],
        owner=now.owner,
        updated_at=_time(now.updated_at),
    )


async def test(services: Services, workspace_id: str, fields: Mapping[str, Any]) -> ProbeResult:
    """Connect once as declared and show what would be stored; nothing is.

    With `connector_id` the fields are changes to that stored connector. Raises as `create` and `get` do.
    """
    if "connector_id" not in fields:
        declared = {name: value for name, value in fields.items() if name not in _READ_ONLY}
        config = check_config(unmask(declared, None), services.connectors.check)
    elif isinstance(connector_id := fields["connector_id"], str):
        config = _changed(services, (await _stored(services, workspace_id, connector_id)).config, fields)
    else:
        raise Invalid("connector_id: must be a string", code="invalid_field", field="connector_id")
    return await services.connectors.probe(config, limit=PROBE_EVENTS, seconds=PROBE_SECONDS)


async def _stored(services: Services, workspace_id: str, connector_id: str) -> StoredConnector:
    return await store.get_connector(services.database, services.connectors.sealer, workspace_id, connector_id)


async def _desire(services: Services, workspace_id: str, connector_id: str, desired: DesiredState) -> Connector:
    sealer = Lenient(services.connectors.sealer)
    stored = await store.set_desired_state(services.database, sealer, workspace_id, connector_id, desired)
    services.connectors.nudge()
    return _present(stored, await statuses.get_status(services.database, workspace_id, connector_id), sealer)


def _changed(services: Services, config: ConnectorConfig, fields: Mapping[str, Any]) -> ConnectorConfig:
    given = {name: value for name, value in fields.items() if name not in _READ_ONLY}
    merged = msgspec.to_builtins(config) | unmask(given, config)
    if "api_url" in given and "protocol_type" not in given:
        merged["protocol_type"] = None  # follows from the URL
    changed = check_config(merged, services.connectors.check)
    check_destinations(config, changed)
    return changed


def _desired(value: Any) -> DesiredState:
    if value not in ("running", "stopped"):
        raise Invalid("desired_state: must be running or stopped", code="invalid_field", field="desired_state")
    return "running" if value == "running" else "stopped"


def _present(connector: StoredConnector, now: StoredStatus | None, sealer: Lenient | None = None) -> Connector:
    """Without a single secret value. `sealer` knows whether it could be read."""
    last_error = None if now is None else now.last_error
    if sealer is not None:
        last_error = sealer.unreadable.get(connector.connector_id, last_error)
    fields: dict[str, Any] = {name: getattr(connector.config, name) for name in connector.config.__struct_fields__}
    for field in SEALED:
        fields[field] = masked(fields[field])
    return msgspec.convert(
        fields
        | {
            "connector_id": connector.connector_id,
            "desired_state": connector.desired_state,
            "status": connector.status if now is None else now.status,
            "stale": now is not None and now.stale,
            "last_message_timestamp": None if now is None else _time(now.last_message_at),
            "message_count": 0 if now is None else now.message_count,
            "messages_per_second": None if now is None else _rate(now),
            "last_error": last_error,
            "created_at": to_datetime(connector.created_at),
            "updated_at": to_datetime(connector.updated_at),
        },
        Connector,
    )


def _rate(now: StoredStatus) -> float | None:
    """The last report stays after a stop, but it is no rate of now."""
    rate: float | None = now.performance_metrics.get("messages_per_second")
    return rate if now.owner is not None and now.status in ("running", "reconnecting") else None


def _time(time_us: int | None) -> Any:
    return None if time_us is None else to_datetime(time_us)
