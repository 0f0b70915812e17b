"""Fixtures that every test may use."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator

import pytest

from telemetra.store.database import Database
from tests.support.postgres import Server, running_server

pytest_plugins = [name for name in ("tests.support.no_skips",) if importlib.util.find_spec(name) is not None]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server of this test process."""
    with running_server() as server:
        yield server


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """The address of a fresh, migrated database, dropped after the test."""
    name = postgres.create()
    yield postgres.conninfo(name)
    postgres.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open pool on a fresh, migrated database."""
    pool = Database(database_url, min_size=1, max_size=5, name="test")
    await pool.open()
    yield pool
    await pool.close()
