"""Connectors in the browser: forms that say what the server says, secrets that stay away, a feed from start to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import chromium, serious_violations, watched
from tests.support.process import Telemetra

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
        page.get_by_role("button", name="Delete Secret still").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row_of(page, "Secret still")).to_be_visible()
        delete(page, "Secret still")
        seen.excuse("422")
    assert stored(server) == []
