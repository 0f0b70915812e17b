"""One browser and one product with a replayed chat for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from playwright.sync_api import Browser

from tests.support import loopback
from tests.support.browser import chromium, open_browser, replay, until
from tests.support.process import Telemetra
from tests.support.shared import shared_data

STALE_AFTER_SECONDS = 4
LINES = 12_000
"""About the first quarter of the recording."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: while Playwright is open its event loop runs in this thread, and no other test's can."""
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def lirik(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    """A product that has been sent two hours of a real chat, ending now."""
    chromium()
    directory = tmp_path_factory.mktemp("browser")
    with shared_data("chat", "lirik-2015.csv").open(encoding="utf-8") as recording:
        (directory / "chat.csv").write_text("".join(islice(recording, LINES)), encoding="utf-8")
    server = Telemetra(directory, {"STALE_AFTER": str(STALE_AFTER_SECONDS)})
    server.start()
    try:
        replay(server, directory / "chat.csv")
        until(lambda: loopback.get(f"{server.url}/api/v1/ledger").json()["total"]["counted"] == LINES, seconds=120)
        yield server
    finally:
        server.stop()
