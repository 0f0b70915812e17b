"""How a command that runs for a moment reaches the database, beside a running server or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from telemetra.settings import Settings
from telemetra.store.embedded import EmbeddedPostgres


@contextmanager
def reach_postgres(settings: Settings) -> Iterator[str]:
    """The connection string of the external database, else of the embedded one: that of a running server, or of one
    that is started for as long as the block runs. Blocking. Raises `Fatal`."""
    external = settings.external_database_url()
    if external is not None:
        yield external.get_secret_value()
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    running = embedded.running_url()
    try:
        yield running or embedded.start()
    finally:
        embedded.stop()
