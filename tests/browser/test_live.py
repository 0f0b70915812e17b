"""What comes while a page is open: numbers, moments, silence, a server that goes away and comes back."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import STALE_AFTER_SECONDS
from tests.support.browser import cheer, chromium, post, quiet_chat, says, until, viewers, watched
from tests.support.process import Telemetra

AWAY = ("WebSocket", "ERR_CONNECTION", "Failed to load resource", "net::")
STALE_MS = 1000 * (STALE_AFTER_SECONDS + 15)
QUIET = ("arena", "bakery", "castle", "dock")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    """A product with quiet chats in it, one for each test."""
    chromium()
    server = Telemetra(tmp_path_factory.mktemp("live"), {"STALE_AFTER": str(STALE_AFTER_SECONDS)})
    server.start()
    try:
        for stream_id in QUIET:
            post(server, quiet_chat(stream_id))
        until(lambda: len(httpx.get(f"{server.url}/api/v1/streams").json()) == len(QUIET), seconds=60)
        yield server
    finally:
        server.stop()


def mark(page: Page) -> None:
    page.evaluate("window.notReloaded = true")


def talk_until(server: Telemetra, stream_id: str, page: Page, shown: Locator) -> None:
    """Go on sending until the page shows it: what comes once is live for STALE_AFTER_SECONDS, and the page may take
    longer to show it."""
    for _ in range(60):
        post(server, [viewers(stream_id, 1000), says(stream_id, "PogChamp")])
        page.wait_for_timeout(500)
        if shown.count():
            return
    raise AssertionError(f"there is no {shown}")


def not_reloaded(page: Page) -> bool:
    return page.evaluate("window.notReloaded === true") is True


def test_the_list_lives_goes_stale_and_learns_of_new_streams(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url) as seen:
        seen.freeze("**/api/v1/overview*")
        page = seen.open("/")
        row = page.get_by_role("row").filter(has_text="bakery")
        expect(row).to_be_visible()
        mark(page)
        post(server, cheer("bakery"))
        expect(row).to_contain_text("Chat spike")
        talk_until(server, "bakery", page, row.filter(has_text="Live"))
        expect(row).to_contain_text("Stale", timeout=STALE_MS)
        page.unroute_all()
        post(server, quiet_chat("newcomer", minutes=1))
        expect(page.get_by_role("row").filter(has_text="newcomer")).to_be_visible(timeout=15_000)
        assert not_reloaded(page)


def test_a_chart_without_data_gives_way_until_some_comes(browser: Browser, server: Telemetra) -> None:
    post(server, [event for event in quiet_chat("diner") if event["type"] == "chat.message"])
    until(lambda: httpx.get(f"{server.url}/api/v1/streams/diner").status_code == 200)
    with watched(browser, server.url) as seen:
        page = seen.open("/streams/diner")
        expect(page.locator(".chart-title")).to_have_text([re.compile("Chat"), re.compile("Sentiment")])
        expect(page.get_by_text("No data has come for viewers and revenue.")).to_be_visible()
        mark(page)
        post(server, [viewers("diner", 7)])
        expect(page.locator(".chart-title").first).to_contain_text("Viewers")
        expect(page.locator(".chart canvas")).to_have_count(3)
        expect(page.get_by_text("No data has come for revenue.")).to_be_visible()
        assert not_reloaded(page)


def test_an_overlay_that_is_opened_in_the_middle_of_a_moment_shows_it(browser: Browser, server: Telemetra) -> None:
    post(server, cheer("dock"))
    until(lambda: httpx.get(f"{server.url}/api/v1/streams/dock/moments").json() != [])
    with watched(browser, server.url) as seen:
        page = seen.open("/overlay/dock?moment_seconds=60")
        expect(page.locator(".overlay-moment")).to_contain_text("Chat spike")


def test_the_overlay_recovers_from_a_server_that_hangs(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url, viewport={"width": 900, "height": 400}) as seen:
        page = seen.open("/overlay/castle?metrics=viewers,chat&emotes=3&moment_seconds=60&corner=bottom-right")
        post(server, cheer("castle"))
        expect(page.locator(".overlay-moment")).to_contain_text("Chat spike")
        talk_until(server, "castle", page, page.locator(".overlay-emotes").filter(has_text="PogChamp"))
        expect(page.locator(".overlay-metric")).to_have_count(2)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        expect(page.locator(".overlay-state")).to_have_text(re.compile("No data for"), timeout=STALE_MS)
        mark(page)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            expect(page.locator(".overlay-state")).to_have_text("Reconnecting", timeout=15_000)
            assert set(page.locator(".overlay-metric strong").all_text_contents()) == {"–"}
        finally:
            os.kill(server.pid, signal.SIGCONT)
        talk_until(server, "castle", page, page.locator(".overlay-box.is-live:not(:has(.overlay-state))"))
        assert not_reloaded(page)
        seen.excuse(*AWAY)


def test_a_moment_appears_by_itself_then_silence_then_a_restart(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url) as seen:
        seen.freeze("**/api/v1/streams/arena/moments?*")
        page = seen.open("/streams/arena")
        expect(page.locator(".pill").filter(has_text="Connected")).to_be_visible()
        expect(page.get_by_text("No moment yet")).to_be_visible()
        mark(page)

        post(server, cheer("arena"))
        expect(page.locator(".moment").first).to_contain_text("Chat spike")
        expect(page.get_by_role("status").filter(has_text="Chat spike: ")).to_be_attached()

        page.unroute_all()

        expect(page.locator("h1")).to_contain_text("Stale", timeout=STALE_MS)
        expect(page.get_by_text("Nothing has come for")).to_be_visible()
        expect(page.locator(".tiles")).to_have_class("tiles is-old")

        server.stop()
        expect(page.locator(".pill").filter(has_text="Reconnecting")).to_be_visible()
        expect(page.get_by_text("Not connected. What you see is as of")).to_be_visible()
        expect(page.locator(".charts.is-frozen")).to_be_visible()
        server.start()
        expect(page.locator(".pill").filter(has_text="Connected")).to_be_visible(timeout=30_000)
        expect(page.locator(".charts.is-frozen")).to_have_count(0)
        talk_until(server, "arena", page, page.locator("h1 .state-live"))
        assert not_reloaded(page)
        seen.excuse(*AWAY)
