"""What the operations on connectors need of the process that runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from telemetra.model.connector import ConnectorConfig
from telemetra.operations.connector_models import ProbeResult
from telemetra.store.connectors import Sealer


class Probe(Protocol):
    """Makes one connection, for at most `seconds` and until `limit` events came; what goes wrong is in the result."""

    async def __call__(self, config: ConnectorConfig, *, limit: int, seconds: float) -> ProbeResult: ...


@dataclass(frozen=True, slots=True)
class ConnectorPorts:
    """`nudge` says that declarations have changed, so that the runner of this process looks at once. `check` raises
    `Invalid` for a declaration whose requests could not be made: credentials that do not suffice, unknown names."""

    sealer: Sealer
    nudge: Callable[[], None]
    probe: Probe
    check: Callable[[ConnectorConfig], None]
