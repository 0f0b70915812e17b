"""Connectors in the browser: forms that say what the server says, secrets that stay away, a feed from start to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import chromium, serious_violations, watched
from tests.support.feeds import catalogue
from tests.support.feeds.thread import playing
from tests.support.process import Telemetra
from tests.support.shared import shared_data

SECRET = "s3cret-token-of-a-test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telemetra]:
    chromium()
    server = Telemetra(tmp_path_factory.mktemp("connectors"), {"EGRESS_ALLOW": "127.0.0.1"})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def stored(server: Telemetra) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{server.url}/api/connectors").json()
    return found


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".connector").filter(has=page.get_by_role("button", name=name, exact=True))


def delete(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row_of(page, name)).to_have_count(0)


def test_what_is_wrong_is_said_at_its_field_in_the_servers_words(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url) as seen:
        page = seen.open("/connectors")
        page.get_by_role("link", name="Any REST API").click()
        page.get_by_label("Address").fill("https://nope nope")
        page.get_by_label("Exchange").fill("A B!")
        page.get_by_label("Ask every").fill("5")
        page.get_by_label("Cursor").fill('{"parameter": "after"}')
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_role("alert")).to_contain_text("5 fields are not accepted")
        expect(page.get_by_label("Name")).to_be_focused()
        said = {"Name": "is required", "Address": "is no valid URL", "Exchange": "must be letters", "Cursor": "path"}
        for label, words in said.items():
            field = page.get_by_label(label)
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(field).to_have_accessible_description(re.compile(words))
        page.get_by_label("Cursor").fill("{")
        page.get_by_role("button", name="Test").click()
        expect(page.get_by_label("Cursor")).to_have_accessible_description(re.compile("is no valid JSON"))
        assert serious_violations(page) == []
        seen.excuse("422")
    assert stored(server) == []


def test_presets_ask_for_what_they_need(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url) as seen:
        page = seen.open("/connectors?add=twitch")
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_label("Channel")).to_be_focused()
        expect(page.get_by_label("Channel")).to_have_accessible_description(re.compile("required"))
        page.get_by_label("Channel").fill("TwitchDev")
        page.get_by_label("Start it at once").uncheck()
        page.get_by_role("button", name="Create").click()
        expect(row_of(page, "Twitch TwitchDev")).to_contain_text("Stopped")
        delete(page, "Twitch TwitchDev")
        seen.excuse("422")
    assert stored(server) == []


def test_a_secret_is_typed_once_kept_by_its_mask_and_never_shown(browser: Browser, server: Telemetra) -> None:
    with watched(browser, server.url) as seen:
        page = seen.open("/connectors?add=websocket")
        page.get_by_label("Name").fill("Private")
        page.get_by_label("Address").fill("wss://feed.invalid/ws")
        page.get_by_label("Kind").select_option("Bearer Token")
        page.get_by_label("Credentials: token").fill(SECRET)
        page.get_by_label("Start it at once").uncheck()
        page.get_by_role("button", name="Create").click()
        expect(row_of(page, "Private")).to_be_visible()
        assert stored(server)[0]["credentials"] == {"token": "***"}

        page.get_by_role("link", name="Edit Private").click()
        expect(page.get_by_label("Credentials: token")).to_have_attribute("placeholder", re.compile(r"^\*\*\* "))
        expect(page.get_by_label("Credentials: token")).to_have_value("")
        page.get_by_label("Name").fill("Secret still")
        with page.expect_request(lambda request: request.method == "PUT") as sent:
            page.get_by_role("button", name="Save").click()
        assert sent.value.post_data_json == {"name": "Secret still"}, "what was not changed is not sent"
        expect(row_of(page, "Secret still")).to_be_visible()

        page.get_by_role("link", name="Edit Secret still").click()
        page.get_by_label("Address").fill("wss://elsewhere.invalid/ws")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("must be given again")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        assert SECRET not in page.content()
        page.keyboard.press("Escape")
        asked = page.get_by_role("button", name="Delete Secret still").evaluate(
            "async (button) => { button.click(); await 0; return document.querySelector('dialog').open }"
        )
        assert asked, "the question is there before the next key, which may be an Escape"
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row_of(page, "Secret still")).to_be_visible()
        delete(page, "Secret still")
        seen.excuse("422")
    assert stored(server) == []


def test_a_feed_from_its_test_to_its_end(browser: Browser, server: Telemetra) -> None:
    with (
        playing(lambda: catalogue.make("binance", data=shared_data(), speed=10, today=True)) as feeds,
        watched(browser, server.url) as seen,
    ):
        page = seen.open("/connectors?add=websocket")
        page.get_by_label("Name").fill("Loopback")
        page.get_by_label("Exchange").fill("binance")
        page.get_by_label("Address").fill(feeds.ws("/stream"))
        page.get_by_label("Format").select_option("binance")
        page.get_by_label("Messages to send").fill('{"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}')
        page.get_by_role("button", name="Test").click()
        expect(page.get_by_role("region", name="Result of the test")).to_contain_text("It works")
        expect(page.get_by_role("row", name=re.compile("binance:BTC-USDT.*price")).first).to_be_visible()
        assert httpx.get(f"{server.url}/api/v1/streams").json() == [], "a test stores nothing"
        page.get_by_role("button", name="Create").click()

        row = row_of(page, "Loopback")
        expect(row).to_contain_text("Running")
        expect(row.locator(".connector-figure").nth(2)).to_have_text(re.compile(r"^[1-9]"))
        feeds.command("cut")
        row.get_by_role("button", name="Loopback", exact=True).click()
        details = row.locator(".connector-more")
        expect(details.get_by_role("link", name="binance:BTC-USDT")).to_be_visible()
        expect(details.get_by_label("Gaps").locator("li")).to_have_count(1)
        expect(details.get_by_label("Newest errors").locator("li").first).to_be_visible()
        expect(row).to_contain_text("Running")
        assert serious_violations(page) == []

        page.get_by_role("button", name="Stop Loopback").click()
        expect(row).to_contain_text("Stopped")
        feeds.until(lambda: feeds.clients == 0)
        page.get_by_role("button", name="Start Loopback").click()
        expect(row).to_contain_text("Running")
        feeds.until(lambda: feeds.clients == 1)
        delete(page, "Loopback")
        feeds.until(lambda: feeds.clients == 0)
        seen.excuse("404")  # its details may have been asked for at that moment
    assert stored(server) == []
