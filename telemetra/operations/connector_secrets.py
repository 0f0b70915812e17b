"""What is secret in a connector: shown as a mask, and kept where the mask comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from telemetra.errors import Invalid, Unreadable
from telemetra.model.connector import ConnectorConfig
from telemetra.operations.connector_models import MASK
from telemetra.store.connectors import SEALED, Sealer


class Lenient:
    """A sealer for answers, in which the values are not shown anyway: what cannot be read is nothing.

    `unreadable` says why, by connector_id, so that one bad row neither hides the others nor cannot be deleted.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.unreadable: dict[str, str] = {}

    def seal(self, value: Any, *, connector_id: str, field: str) -> bytes:
        return self._sealer.seal(value, connector_id=connector_id, field=field)

    def open(self, sealed: bytes, *, connector_id: str, field: str) -> Any:
        try:
            return self._sealer.open(sealed, connector_id=connector_id, field=field)
        except Unreadable as error:
            self.unreadable[connector_id] = str(error)
            return {}


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """The names, without anything of the values (not even how long they are)."""
    return dict.fromkeys(values, MASK)


def unmask(fields: Mapping[str, Any], stored: ConnectorConfig | None) -> dict[str, Any]:
    """`fields` with the stored values where they hold the mask. Raises `Invalid` naming a mask without a value."""
    unmasked = dict(fields)
    for field in SEALED:
        given = fields.get(field)
        if not isinstance(given, Mapping):
            continue
        known: Mapping[str, str] = getattr(stored, field) if stored is not None else {}
        missing = [name for name, value in given.items() if value == MASK and name not in known]
        if missing:
            name = f"{field}.{missing[0]}"
            raise Invalid(f"{name}: {MASK} stands for a stored value, and none is stored", code="masked", field=name)
        unmasked[field] = {name: known[name] if value == MASK else value for name, value in given.items()}
    return unmasked


def check_destinations(before: ConnectorConfig, after: ConnectorConfig) -> None:
    """Secrets that nobody has typed again may only go where they went before.

    Else whoever may change a connector could have its secrets sent to a host of their own. Raises `Invalid`.
    """
    if _origins(after) <= _origins(before):
        return
    for field in SEALED:
        stored, given = getattr(before, field), getattr(after, field)
        kept = [name for name, value in given.items() if stored.get(name) == value]
        if kept:
            name = f"{field}.{kept[0]}"
            raise Invalid(
                f"{name}: must be given again, as the connector would send it to another host",
                code="secret_required",
                field=name,
            )


def _origins(config: ConnectorConfig) -> set[tuple[str, str]]:
    urls = [config.api_url, *([config.backfill.api_url] if config.backfill is not None else [])]
    parts = [urlsplit(url) for url in urls]
    # A connector's back-fill speaks HTTP to the host that its WebSocket is on: whether it is encrypted has to stay.
    return {("plain" if part.scheme in ("http", "ws") else "tls", part.netloc.lower()) for part in parts}
