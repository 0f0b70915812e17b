"""A headless Chromium with an eye on what a page must not do, and a product with chat in it to look at."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.support import loopback
from tests.support.process import PROGRAM, Telemetra
from tests.support.vendored import NODE_MODULES

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 10_000
AXE = NODE_MODULES / "axe-core/axe.min.js"


def chromium() -> str:
    """The path of Chromium; skips the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no `chromium` on this machine (Debian: apt-get install chromium)")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    path = chromium()
    expect.set_options(timeout=PATIENCE_MS)  # as for all else that a page is waited for
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page and all that is wrong with it: errors, refusals of its policy, requests to other hosts."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wrong: list[str] = []
        self._excused: tuple[str, ...] = ()
        self._host = urlsplit(url).netloc
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: self._note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: self._check_host(request.url))
        page.on("websocket", lambda socket: self._check_host(socket.url))

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def excuse(self, *words: str) -> None:
        """What is expected, before and after this call, such as connections refused while the server is away."""
        self._excused += words

    def unexcused(self) -> list[str]:
        return [wrong for wrong in self.wrong if not any(word in wrong for word in self._excused)]

    def freeze(self, pattern: str) -> None:
        """From the second time on, REST answers as it did the first time: what is new must come by push."""
        answers: dict[str, Any] = {}

        def answer(route: Route) -> None:
            path = urlsplit(route.request.url).path
            if path not in answers:
                answers[path] = route.fetch()
            route.fulfill(response=answers[path])

        self.page.route(pattern, answer)

    def _check_host(self, url: str) -> None:
        if urlsplit(url).netloc not in (self._host, "") or urlsplit(url).scheme not in ("http", "ws", "data"):
            self._note(f"request to {url}")

    def _note(self, text: str) -> None:
        self.wrong.append(text)


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Watched]:
    """A page of its own context; what is wrong with it at the end fails the test."""
    chosen: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    context = browser.new_context(viewport=chosen.pop("viewport", {"width": 1440, "height": 900}), **chosen)
    seen = Watched(context.new_page(), url)
    try:
        yield seen
    finally:
        context.close()
    assert not seen.unexcused()


def serious_violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds serious or worse: rule and places. Skips the rest of the test where there is no axe-core."""
    if not AXE.exists():
        pytest.skip("node_modules is not there; `make lint` makes it")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def replay(server: Telemetra, file: Path) -> None:
    """Send a recording, moved so that its end is now."""
    command = [str(PROGRAM), "replay", "--url", server.url, "--shift-to-now", str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def post(server: Telemetra, events: list[dict[str, Any]]) -> None:
    answer = loopback.post(f"{server.url}/api/v1/events", json=events, timeout=30)
    assert answer.status_code == 202, answer.text
    assert answer.json()["rejected"] == []


def quiet_chat(stream_id: str, *, minutes: int = 20) -> list[dict[str, Any]]:
    """Twenty messages a minute until two minutes ago: a history from which a cheer stands out."""
    end = datetime.now(UTC) - timedelta(minutes=2)
    chat = [
        _message(stream_id, f"h{n}", end - timedelta(seconds=3 * n), f"u{n % 37}", f"hello number {n}")
        for n in range(minutes * 20)
    ]
    viewers = [
        {
            "event_id": f"v{n}",
            "type": "viewer.count",
            "stream_id": stream_id,
            "timestamp": (end - timedelta(seconds=30 * n)).isoformat(),
            "data": {"viewer_count": 1000 + n % 7},
        }
        for n in range(minutes * 2)
    ]
    return [*reversed(chat), *reversed(viewers)]


def cheer(stream_id: str, name: str = "c") -> list[dict[str, Any]]:
    """Three hundred messages within ten seconds, and a word afterwards that moves the stream's time past them.

    Recent enough to be news to an overlay for most of a minute.
    """
    start = datetime.now(UTC) - timedelta(seconds=70)
    burst = [
        _message(stream_id, f"{name}{n}", start + timedelta(seconds=n / 30), f"w{n % 90}", "PogChamp PogChamp")
        for n in range(300)
    ]
    return [*burst, _message(stream_id, f"{name}-end", start + timedelta(seconds=60), "u1", "wow")]


def says(stream_id: str, text: str) -> dict[str, Any]:
    """Somebody writes it now."""
    return _message(stream_id, uuid.uuid4().hex, datetime.now(UTC), "u1", text)


def viewers(stream_id: str, count: int) -> dict[str, Any]:
    """So many are watching now."""
    return {
        "event_id": uuid.uuid4().hex,
        "type": "viewer.count",
        "stream_id": stream_id,
        "data": {"viewer_count": count},
    }


def _message(stream_id: str, event_id: str, at: datetime, user: str, text: str) -> dict[str, Any]:
    data = {"user_id": user, "message": text}
    return {
        "event_id": f"{stream_id}-{event_id}",
        "type": "chat.message",
        "stream_id": stream_id,
        "timestamp": at.isoformat(),
        "data": data,
    }


def until(condition: Any, *, seconds: float = 30.0) -> None:
    """Wait for a condition of the server."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
