"""The state of a connector as values: what is running, when to try again, when to give up. Time is an argument.

    inactive → starting → running ⇄ reconnecting → stopped | error

The back-off goes on from one loss to the next and begins anew only after the connection has been healthy (open, with
data) for `healthy_seconds`: a server that accepts and cuts at once is not asked once a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from telemetra.backoff import delays
from telemetra.model.connector import Status
from telemetra.model.window import SECOND

Delays = Callable[[], Iterator[float]]


class Connection:
    """The state machine of one run of a connector. Times are in microseconds.

    `attempts`: failures in a row since the last sustained health. `reconnects`: connections opened after the first.
    """

    def __init__(self, *, healthy_seconds: float, max_attempts: int = 0, waits: Delays = delays) -> None:
        self.status: Status = "starting"
        self.attempts = 0
        self.reconnects = 0
        self.connected_at: int | None = None
        self._healthy = round(healthy_seconds * SECOND)
        self._max_attempts = max_attempts
        self._new_waits = waits
        self._waits = waits()
        self._opened = 0
        self._data_at: int | None = None

    def opened(self, now: int) -> None:
        """The connection is open and subscribed."""
        self.status = "running"
        self.connected_at = now
        self._data_at = None
        self._opened += 1
        self.reconnects = self._opened - 1

    def data(self, now: int) -> None:
        """Data has come. Sustained health ends the history of failures."""
        self._data_at = now
        if self.attempts and self.connected_at is not None and now - self.connected_at >= self._healthy:
            self._recover()

    def lost(self, now: int, retry_after_seconds: float = 0.0) -> float | None:
        """The connection is gone or could not be opened: seconds to wait before the next attempt.

        None: the last permitted attempt has failed, the connector stops with an error.
        """
        connected_at, self.connected_at = self.connected_at, None
        if connected_at is not None and self._data_at is not None and now - connected_at >= self._healthy:
            self._recover()
        self.attempts += 1
        if self._max_attempts and self.attempts > self._max_attempts:
            self.status = "error"
            return None
        self.status = "reconnecting" if self._opened else "starting"
        return max(next(self._waits), retry_after_seconds)

    def end(self, status: Status) -> None:
        """Stopped by its owner, or for an error that no retry heals."""
        self.status = status
        self.connected_at = None

    def _recover(self) -> None:
        self.attempts = 0
        self._waits = self._new_waits()
