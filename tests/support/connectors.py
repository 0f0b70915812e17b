"""Connectors through the API of a running Telemetra, as a user's program would handle them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from tests.support.process import Telemetra

PATIENCE_SECONDS = 40.0
LOOPBACK = {"EGRESS_ALLOW": "127.0.0.1"}


def as_url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@{quote(str(parts['host']), safe='')}:{parts['port']}/{parts['dbname']}"


@contextmanager
def serving(directory: Path, conninfo: str | None = None, **settings: str) -> Iterator[Telemetra]:
    """A started Telemetra that may reach loopback; with `conninfo` on that database instead of its own."""
    given = {"DATABASE_URL": as_url(conninfo)} if conninfo else {}
    server = Telemetra(directory, {**LOOPBACK, **given, **settings})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def until(condition: Callable[[], bool], told: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition; `told` says how things are when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


class Connectors:
    """The connectors of one server."""

    def __init__(self, url: str) -> None:
        # Nothing stays open between calls, so that nothing has to be closed.
        self.http = httpx.Client(base_url=url, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

    def create(self, **fields: Any) -> str:
        answer = self.http.post("/api/connectors", json={"name": "test", **fields})
        assert answer.status_code == 200, answer.text
        connector_id: str = answer.json()["connector_id"]
        return connector_id

    def start(self, connector_id: str) -> None:
        answer = self.http.post(f"/api/connectors/{connector_id}/start")
        assert answer.is_success, answer.text

    def stop(self, connector_id: str) -> None:
        answer = self.http.post(f"/api/connectors/{connector_id}/stop")
        assert answer.is_success, answer.text

    def started(self, **fields: Any) -> str:
        connector_id = self.create(**fields)
        self.start(connector_id)
        return connector_id

    def status(self, connector_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/connectors/{connector_id}/status")
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def until(
        self, connector_id: str, condition: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """The status once it is as it should be."""
        until(lambda: condition(self.status(connector_id)), lambda: self.status(connector_id), seconds)
        return self.status(connector_id)

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settle(self) -> None:
        """Wait until all that the log holds by now is in the tables."""

        def details() -> tuple[int, int]:
            parts = self.get("/health/detailed")["services"]
            return parts["pipeline"]["details"]["applied"], parts["log"]["details"]["next"]

        _, end = details()
        until(lambda: details()[0] >= end, details)

    def all_trade_numbers(self, connector_id: str) -> set[int]:
        """Stop the connector; the trade ids that it has stored, once all of them are in the tables."""
        self.stop(connector_id)
        self.until(connector_id, lambda status: status["owner"] is None)
        self.settle()
        data = self.get(f"/api/connectors/{connector_id}/data", limit=10_000, sort_by="id")
        return {int(row["data"]["trade_id"]) for row in data["data"]}

    def minutes(self, stream_id: str) -> list[dict[str, Any]]:
        """Oldest first; none of an unknown stream."""
        answer = self.http.get(f"/api/v1/streams/{stream_id}/metrics", params={"limit": 1000})
        rows: list[dict[str, Any]] = answer.json() if answer.status_code == 200 else []
        return rows[::-1]

    def ledger(self) -> dict[str, int]:
        total: dict[str, int] = self.get("/api/v1/ledger")["total"]
        return total


def rows(conninfo: str, query: str, parameters: Any = None) -> list[dict[str, Any]]:
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        return connection.execute(query, parameters).fetchall()
