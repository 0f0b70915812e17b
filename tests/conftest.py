"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from telemetra.store.database import Database
from tests.support.postgres import Server, running_server

pytest_plugins = ["tests.support.no_skips", "tests.support.parallel"]

BASE_TEMP = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A directory of this run alone for `tmp_path`.

    Runs share pytest's own, and each closes it again to other users: also to the one that a root user's PostgreSQL
    runs as. A shorter path for sockets comes with it.
    """
    gc.disable()  # until all is imported
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.stash[BASE_TEMP] = Path(tempfile.mkdtemp(prefix="tlm-"))
        config.option.basetemp = config.stash[BASE_TEMP]


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end: the garbage collector need not look through it."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if BASE_TEMP in config.stash:
        shutil.rmtree(config.stash[BASE_TEMP], ignore_errors=True)


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
